import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../dialects.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { type Answer, authenticate, bruce, john, send, signIn, tokenOf, veronica } from './clients.ts';

const environment = {
  FOYER_RATE_LIMIT: 'off',
  FOYER_TRUST_PROXY: 'loopback',
  FOYER_LOCK_FAILURES: '10',
  FOYER_HASH_CONCURRENCY: '2',
  FOYER_HASH_MAX_WAIT_MS: '60000',
};
const badCredentials = 'Invalid login credentials. Please try again.';
const isLocked = ({ status, json }: Answer): boolean => status === 401 && /locked/i.test(String(json().error));

let lastHost = 0;
/** An address nobody has used before. */
const newAddress = (): string => {
  lastHost += 1;
  return `10.9.${lastHost >> 8}.${lastHost & 255}`;
};

const wrong = (email: string) => ({ email, password: 'certainly wrong' });
async function failTimes(base: string, email: string, times: number, from = newAddress()): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let count = 0; count < times; count += 1) answers.push(await signIn(base, wrong(email), { from }));
  return answers;
}

describe('an account that is guessed at', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp('sqlite', environment);
  });
  afterAll(() => running.stop());

  it('is locked after ten failures, step by step alike for an e-mail that nobody has', async () => {
    const visible = async (email: string) =>
      (await failTimes(running.url, email, 13)).map(({ status, text, headers }) => ({
        status,
        text,
        headers: [...headers.keys()].toSorted(),
      }));
    const known = await visible(bruce.email);
    const unknown = await visible('nobody@example.com');
    expect(known).toEqual(unknown);
    expect(known.map(({ status }) => status)).toEqual(new Array(13).fill(401));
    expect(known.slice(0, 10).every(({ text }) => text.includes(badCredentials))).toBe(true);
    expect(known.slice(10).every(({ text }) => /locked/i.test(text))).toBe(true);
    expect(known[10]!.headers).toContain('retry-after');
  });

  it('is never that of everybody who names no e-mail', async () => {
    for (const email of ['', ' ', undefined, null, []]) {
      const body = JSON.stringify({ email, password: 'certainly wrong' });
      for (let failure = 1; failure <= 6; failure += 1) {
        const answer = await send(`${running.url}/api/v4/auth/sign_in?locale=en`, { method: 'POST', body });
        expect([answer.status, answer.json().error]).toEqual([401, badCredentials]);
      }
    }
  });

  it('stays locked for the right password, on both wires, and says until when', async () => {
    await failTimes(running.url, john.email, 10);
    const answer = await signIn(running.url, john, { from: newAddress() });
    expect(isLocked(answer)).toBe(true);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(500);
    expect((await authenticate(running.url, john)).json()).toMatchObject({
      authenticated: false,
      message: 'The account is locked.',
    });
  });

  it('is locked over the Spaaza wire, step by step alike for an e-mail that nobody has', async () => {
    const steps = async (email: string) => {
      const answers: Answer[] = [];
      for (let count = 0; count < 12; count += 1) answers.push(await authenticate(running.url, wrong(email)));
      return answers.map(({ status, text }) => ({ status, text }));
    };
    const known = await steps(veronica.email);
    expect(known).toEqual(await steps('nobody.else@example.com'));
    expect(new Set(known.map(({ status }) => status))).toEqual(new Set([200]));
    expect(known[8]!.text).toContain('Invalid login or password.');
    expect(known[11]!.text).toContain('The account is locked.');
  });
});

describe('a lock', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp('sqlite', { ...environment, FOYER_LOCK_FAILURES: '3', FOYER_LOCK_SECONDS: '1' });
  });
  afterAll(() => running.stop());

  it('ends by itself, and the count begins anew', async () => {
    await failTimes(running.url, bruce.email, 3);
    const again = () => signIn(running.url, bruce, { from: newAddress() });
    expect(isLocked(await again())).toBe(true);
    await expect.poll(async () => (await again()).status, { timeout: 10_000, interval: 100 }).toBe(200);

    await failTimes(running.url, john.email, 3);
    expect(isLocked(await signIn(running.url, john, { from: newAddress() }))).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const answers = await failTimes(running.url, john.email, 2);
    expect(answers.some(isLocked)).toBe(false);
    expect((await signIn(running.url, john, { from: newAddress() })).status).toBe(200);
  });

  it('does not come of failures with a success in between', async () => {
    for (let round = 0; round < 3; round += 1) {
      await failTimes(running.url, veronica.email, 2);
      expect((await signIn(running.url, veronica, { from: newAddress() })).status).toBe(200);
    }
  });
});

describe("a stranger's lock", () => {
  let running: RunningApp;
  const home = '198.51.100.7';
  const ipv6Home = '2001:db8:1:2::1';
  let token: Record<string, string>;
  beforeAll(async () => {
    running = await startApp('sqlite', environment);
    token = tokenOf(await signIn(running.url, bruce, { from: home }));
    await signIn(running.url, bruce, { from: ipv6Home });
    await failTimes(running.url, bruce.email, 10);
    expect(isLocked(await signIn(running.url, bruce, { from: newAddress() }))).toBe(true);
  });
  afterAll(() => running.stop());

  it('does not keep out the device that shows the token of an earlier session, wherever it is', async () => {
    const answer = await signIn(running.url, bruce, { from: newAddress(), headers: token });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['of the same address', home],
    ['of another address of the same IPv6 network', '2001:db8:1:2:ffff::9'],
  ])('does not keep out a device %s as a session of the customer', async (_where, from) => {
    expect((await signIn(running.url, bruce, { from })).status).toBe(200);
  });

  it.each([
    ['a network next door', { from: '198.51.100.8' }],
    ['another IPv6 network', { from: '2001:db8:1:3::1' }],
    ['a client with a made-up token', { headers: { client: 'meowmeow', 'access-token': 'made-up', uid: 'x' } }],
  ])('keeps out %s', async (_who, device) => {
    const answer = await signIn(running.url, bruce, { from: newAddress(), ...device });
    expect(isLocked(answer)).toBe(true);
  });

  it('keeps out whoever shows the token of somebody else', async () => {
    const foreign = tokenOf(await signIn(running.url, john, { from: newAddress() }));
    expect(isLocked(await signIn(running.url, bruce, { from: newAddress(), headers: foreign }))).toBe(true);
  });

  it('leaves the session of the customer alone', async () => {
    const answer = await send(`${running.url}/api/v4/auth/validate_token`, { headers: token });
    expect(answer.status).toBe(200);
  });

  it('is not the only one: a known device has a counter of its own and is locked by it', async () => {
    const answers = await failTimes(running.url, bruce.email, 11, home);
    expect(answers.map(isLocked)).toEqual([...new Array<boolean>(10).fill(false), true]);
    expect(isLocked(await signIn(running.url, bruce, { from: home }))).toBe(true);
    expect((await signIn(running.url, bruce, { from: newAddress(), headers: token })).status).toBe(200);
  });
});

describe.each(databaseKinds)('guesses sent all at once (%s)', (kind) => {
  it.each([
    ['a customer', bruce.email],
    ['nobody', 'nobody@example.com'],
  ])('are checked ten times, and no more often on top than are hashed at once, against %s', async (_who, email) => {
    const running = await startApp(kind, environment);
    try {
      const guesses = Array.from({ length: 100 }, () => signIn(running.url, wrong(email), { from: newAddress() }));
      const answers = await Promise.all(guesses);
      const checked = answers.filter(({ text }) => text.includes(badCredentials)).length;
      expect(checked).toBeGreaterThanOrEqual(10);
      expect(checked).toBeLessThanOrEqual(10 + 2);
      expect(answers.filter(isLocked)).toHaveLength(100 - checked);
    } finally {
      await running.stop();
    }
  });
});
