import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl, runStatement } from '../dialects.ts';
import { type RunningApp, serveDatabase } from '../start-app.ts';
import { authenticate, bruce, send, signIn, tokenOf, userInfo } from './clients.ts';
import { sendRaw } from './raw-http.ts';
import { secretPlaces } from './secret-places.ts';

/** Text that appears nowhere by chance, and fits wherever a password or a token would. */
const newSecret = (): string => `s3cret${randomBytes(8).toString('hex')}`;

describe.each(databaseKinds)('the log at its most talkative (%s)', (kind) => {
  let database: FreshDatabase;
  let running: RunningApp;
  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    running = await serveDatabase(database.url, {
      FOYER_LOG_LEVEL: 'trace',
      FOYER_LOG_REQUESTS: 'all',
      FOYER_RATE_LIMIT: 'off',
      FOYER_LOCK_FAILURES: '1000',
      FOYER_BODY_LIMIT: '4096',
    });
  });
  afterAll(async () => {
    await running.stop();
    await database.drop();
  });

  /** Everything written up to now; the line of an answer may be written after the caller has it. */
  async function logSoFar(): Promise<string> {
    const id = `marker-${randomBytes(6).toString('hex')}`;
    await send(`${running.url}/livez`, { headers: { 'x-request-id': id } });
    await expect.poll(() => running.rawLog()).toContain(id);
    return running.rawLog();
  }

  /** Sends a secret in each place; gives the statuses and the places from which it reached the log. */
  async function trySecrets() {
    const tried: { place: string; secret: string; status: number }[] = [];
    for (const { place, bytes } of secretPlaces) {
      const secret = newSecret();
      const answer = await sendRaw(running.url, bytes(secret));
      tried.push({ place, secret, status: answer?.status ?? 0 });
    }
    const log = await logSoFar();
    const leaks = tried.filter(({ secret }) => formsOf(secret).some((form) => log.includes(form)));
    return { statuses: tried.map(({ status }) => status), leaks: leaks.map(({ place }) => place), log };
  }

  it('has a line for each request, and no secret from any place of it', async () => {
    const { statuses, leaks, log } = await trySecrets();
    expect(leaks).toEqual([]);
    expect(log.split('\n').length).toBeGreaterThan(secretPlaces.length);
    expect(new Set(statuses)).toEqual(new Set([200, 400, 401, 404, 405, 406, 413, 422, 431]));
  });

  it('has no password, token or key of requests that succeed', async () => {
    const signedIn = await signIn(running.url, bruce);
    const token = tokenOf(signedIn);
    const next = await send(`${running.url}/api/v4/auth/validate_token`, { headers: token });
    const answers = [signedIn, next, await userInfo(running.url, 1)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const log = await logSoFar();
    for (const secret of [bruce.password, token['access-token']!, token.client!, demoKey]) {
      expect(log).not.toContain(secret);
    }
    for (const name of ['Wayne', 'Costello', '49628-7978']) expect(log).not.toContain(name);
  });

  it('has none when the database refuses a duplicate', async () => {
    const secret = newSecret();
    const signUp = () =>
      send(`${running.url}/api/v4/auth`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: `${secret}@example.com`, password: secret, name: secret, surname: secret }),
      });
    const statuses = (await Promise.all([signUp(), signUp(), signUp()])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 422, 422]);
    expect(await logSoFar()).not.toContain(secret);
  });

  it('has none when requests fail for a fault of ours, though it has the fault with its stack', async () => {
    await runStatement(database.url, 'alter table customers rename to customers_elsewhere');
    const { statuses, leaks, log } = await trySecrets();
    expect(leaks).toEqual([]);
    expect(statuses.filter((status) => status === 500).length).toBeGreaterThan(10);
    expect(statuses).not.toContain(0);
    const failures = running.logs.filter(({ msg }) => msg === 'request failed');
    expect(failures.at(-1)).toMatchObject({
      err: { message: expect.stringMatching(/customers/), stack: expect.any(String) },
    });
    const answers = await Promise.all([signIn(running.url, bruce), authenticate(running.url, bruce)]);
    for (const { status, text } of answers) {
      expect(status).toBe(500);
      expect(text).not.toMatch(/customers|select|stack|at .*\.ts/i);
    }
    expect(log).not.toContain(bruce.email);
  });
});

/** As it is, and as it would look inside base64 at each of the three offsets. */
function formsOf(secret: string): string[] {
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.from(`${'.'.repeat(offset)}${secret}`)
      .toString('base64')
      .slice(4, 20),
  );
  return [secret, ...encoded];
}
