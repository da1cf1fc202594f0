import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';
import { type Answer, authenticate, bruce, john, metric, send, signIn, tokenOf, userInfo } from './clients.ts';

const longestLine = 20;

describe('a storm of sign-ins', () => {
  let running: RunningApp;
  let token: Record<string, string>;
  beforeAll(async () => {
    running = await startApp('sqlite', {
      FOYER_RATE_LIMIT: 'off',
      FOYER_HASH_CONCURRENCY: '1',
      FOYER_HASH_MAX_WAIT_MS: '2000',
      FOYER_HASH_QUEUE: String(longestLine),
    });
    token = tokenOf(await signIn(running.url, bruce));
  });
  afterAll(() => running.stop());

  it('gets what can be checked in time, and 503 with a time to come back for the rest, in the shape of each wire', async () => {
    let isOver = false;
    let longest = 0;
    const shedBefore = await metric(running.url, 'foyer_hash_shed_total');
    const gomusStorm = Array.from({ length: 150 }, () => signIn(running.url, bruce));
    const spaazaStorm = Array.from({ length: 150 }, () => authenticate(running.url, john));
    const storm = Promise.all([...gomusStorm, ...spaazaStorm]).then((answers) => {
      isOver = true;
      return answers;
    });

    const reads: Answer[] = [];
    for (let round = 0; round < 5; round += 1) {
      reads.push(await send(`${running.url}/api/v4/auth/validate_token`, { headers: token }));
      reads.push(await userInfo(running.url, 39));
      longest = Math.max(longest, await metric(running.url, 'foyer_hash_queue_length'));
    }
    // What this is about: the reads were answered while hashes waited.
    expect(isOver).toBe(false);
    expect(reads.map(({ status }) => status)).toEqual(new Array(10).fill(200));
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(longestLine);

    await storm;
    const gomus = await Promise.all(gomusStorm);
    const spaaza = await Promise.all(spaazaStorm);
    const shed = [...gomus, ...spaaza].filter(({ status }) => status !== 200);
    expect(new Set(shed.map(({ status }) => status))).toEqual(new Set([503]));
    expect(shed.length).toBeGreaterThan(0);
    expect(shed.length).toBeLessThan(300);
    for (const { headers } of shed) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    for (const { json } of gomus.filter(({ status }) => status === 503)) {
      expect(json()).toEqual({ error: expect.any(String), errors: [json().error] });
    }
    for (const { json } of spaaza.filter(({ status }) => status === 503)) {
      expect(json()).toEqual({ message: 'The service is very busy. Please try again in a few seconds.' });
    }
    expect((await metric(running.url, 'foyer_hash_shed_total')) - shedBefore).toBe(shed.length);
    expect(await metric(running.url, 'foyer_hash_queue_length')).toBe(0);
    expect(await metric(running.url, 'foyer_hash_running')).toBe(0);
  });

  it('that has passed leaves a server that serves as before', async () => {
    expect((await signIn(running.url, bruce)).status).toBe(200);
    expect((await authenticate(running.url, john)).json()).toMatchObject({ authenticated: true });
  });
});

describe('a shed attempt', () => {
  it('counts as no failure, neither of the account nor of the network', async () => {
    const running = await startApp('sqlite', {
      FOYER_HASH_CONCURRENCY: '1',
      FOYER_HASH_MAX_WAIT_MS: '40',
      FOYER_IP_FAILURES: '30',
      FOYER_LOCK_FAILURES: '30',
    });
    try {
      const wrong = { ...bruce, password: 'certainly wrong' };
      const answers = await Promise.all(Array.from({ length: 100 }, () => signIn(running.url, wrong)));
      const shed = answers.filter(({ status }) => status === 503).length;
      expect(shed).toBeGreaterThan(70);
      expect((await signIn(running.url, bruce)).status).toBe(200);
    } finally {
      await running.stop();
    }
  });
});
