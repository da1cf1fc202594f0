import { afterEach, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';
import { type Answer, authenticate, bruce, signIn } from './clients.ts';

const environment = {
  FOYER_TRUST_PROXY: 'loopback',
  FOYER_IP_FAILURES: '5',
  FOYER_HASH_CONCURRENCY: '2',
  FOYER_HASH_MAX_WAIT_MS: '60000',
};

let running: RunningApp;
const start = async (env: Record<string, string> = {}) => {
  running = await startApp('sqlite', { ...environment, ...env });
};
afterEach(() => running.stop());

let lastPerson = 0;
/** A wrong password for an e-mail of its own, so that no account is locked. */
const wrong = () => {
  lastPerson += 1;
  return { email: `person${lastPerson}@example.com`, password: 'certainly wrong' };
};
const guess = (from?: string): Promise<Answer> => signIn(running.url, wrong(), { from });
async function guesses(addresses: readonly (string | undefined)[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const from of addresses) statuses.push((await guess(from)).status);
  return statuses;
}
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe('the limit of failures per network', () => {
  it('answers 429 with a time to come back, whatever the password, and leaves others alone', async () => {
    await start();
    expect(await guesses(times(6, '203.0.113.9'))).toEqual([...times(5, 401), 429]);
    const refused = await signIn(running.url, bruce, { from: '203.0.113.9' });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(200);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(300);
    expect(refused.json()).toEqual({ error: expect.any(String), errors: [refused.json().error] });
    expect((await signIn(running.url, bruce, { from: '203.0.113.10' })).status).toBe(200);
    expect((await authenticate(running.url, bruce)).json()).toMatchObject({ authenticated: true });
  });

  it('is one for an IPv6 /64, and for an IPv4 address in either of its forms', async () => {
    await start();
    const oneHouse = [
      '2001:db8:1:2::1',
      '2001:db8:1:2::2',
      '2001:db8:1:2:a:b:c:d',
      '2001:DB8:1:2::3',
      '2001:db8:1:2::4',
    ];
    expect(await guesses([...oneHouse, '2001:db8:1:2::5', '2001:db8:1:3::1'])).toEqual([...times(5, 401), 429, 401]);
    expect(await guesses([...times(5, '203.0.113.20'), '::ffff:203.0.113.20'])).toEqual([...times(5, 401), 429]);
  });

  it('is not given back by a success in between', async () => {
    await start();
    await guesses(times(4, '203.0.113.9'));
    expect((await signIn(running.url, bruce, { from: '203.0.113.9' })).status).toBe(200);
    expect(await guesses(times(2, '203.0.113.9'))).toEqual([401, 429]);
  });

  it('cannot be escaped by addresses written before the one the proxy adds', async () => {
    await start();
    const spoofed = Array.from({ length: 6 }, (_, index) => `192.0.2.${index}, 203.0.113.9`);
    expect(await guesses(spoofed)).toEqual([...times(5, 401), 429]);
  });

  it('counts callers whose address cannot be read together', async () => {
    await start();
    const nonsense = ['unknown', '_hidden', 'x'.repeat(200), '999.1.1.1', '203.0.113.9, unknown', 'unknown'];
    expect(await guesses(nonsense)).toEqual([...times(5, 401), 429]);
  });

  it('goes by the peer when no proxy is trusted, whatever the headers claim', async () => {
    const { FOYER_TRUST_PROXY: _, ...rest } = environment;
    running = await startApp('sqlite', rest);
    const claimed = Array.from({ length: 6 }, (_each, index) => `203.0.113.${index}`);
    expect(await guesses(claimed)).toEqual([...times(5, 401), 429]);
    const headers = { forwarded: 'for=192.0.2.1', 'x-real-ip': '192.0.2.1', 'true-client-ip': '192.0.2.1' };
    expect((await signIn(running.url, bruce, { headers })).status).toBe(429);
  });

  it('is off with FOYER_RATE_LIMIT=off, and the account lock is not', async () => {
    await start({ FOYER_RATE_LIMIT: 'off', FOYER_LOCK_FAILURES: '7' });
    expect(await guesses(times(8, '203.0.113.9'))).toEqual(times(8, 401));
    for (let count = 0; count < 7; count += 1) {
      await signIn(running.url, { ...bruce, password: 'certainly wrong' }, { from: '203.0.113.9' });
    }
    const refused = await signIn(running.url, bruce, { from: '203.0.113.9' });
    expect(refused.status).toBe(401);
    expect(refused.text).toMatch(/locked/i);
  });
});

describe('sign-ins sent all at once from one network', { timeout: 60_000 }, () => {
  const count = (answers: readonly Answer[], status: number) =>
    answers.filter((answer) => answer.status === status).length;

  it('with wrong passwords are checked no more often than one after another', async () => {
    await start({ FOYER_IP_FAILURES: '60' });
    const answers = await Promise.all(times(200, '203.0.113.9').map(guess));
    expect(count(answers, 401)).toBe(60);
    expect(count(answers, 429)).toBe(140);
    for (const answer of answers.filter(({ status }) => status === 429)) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('with right passwords all succeed, though they are more than may fail', async () => {
    await start({ FOYER_IP_FAILURES: '40' });
    const answers = await Promise.all(times(120, '203.0.113.9').map((from) => signIn(running.url, bruce, { from })));
    expect(count(answers, 200)).toBe(120);
  });

  it('do not hold up another network', async () => {
    await start({ FOYER_IP_FAILURES: '4' });
    let isOver = false;
    const crowd = Promise.all(times(60, '203.0.113.9').map((from) => signIn(running.url, bruce, { from })));
    void crowd.then(() => {
      isOver = true;
    });
    await signIn(running.url, bruce, { from: '203.0.113.10' });
    expect(isOver).toBe(false);
    expect(count(await crowd, 200)).toBe(60);
  });
});

describe('an API key through which passwords are guessed', { timeout: 60_000 }, () => {
  it('is refused for the rest of the minute in the shape of its wire, and only that key', async () => {
    await start();
    const answers = await Promise.all(times(220, 0).map(() => authenticate(running.url, wrong())));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(20);
    expect(refused[0]!.json()).toEqual({ message: 'Too Many Requests' });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(100);
    expect((await signIn(running.url, bruce, { from: '203.0.113.9' })).status).toBe(200);
  });
});
