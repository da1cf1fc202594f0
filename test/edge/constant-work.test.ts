import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import type { HashCall } from '../../src/hashing/hash-threads.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { authenticate, bruce, john, metric, send, signIn, veronica } from './clients.ts';

const argon2Calls = vi.hoisted(() => ({ count: 0 }));

// The threads as they are, with the calls of the native library counted.
vi.mock('../../src/hashing/hash-threads.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('../../src/hashing/hash-threads.ts')>();
  class CountingThreads extends real.HashThreads {
    override run<T>(call: HashCall): Promise<T> {
      if (call.package === '@node-rs/argon2') argon2Calls.count += 1;
      return super.run<T>(call);
    }
  }
  return { ...real, HashThreads: CountingThreads };
});

let running: RunningApp;
const withoutPassword = 'no-password-yet@example.com';
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_LOCK_FAILURES: '4' });
  const created = await send(`${running.url}/rest/V1/spaaza/customer/update`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${demoKey}` },
    body: JSON.stringify({
      create_if_not_exists: true,
      user_info: { username: withoutPassword, first_name: 'Nora', last_name: 'None' },
    }),
  });
  expect(created.status).toBe(200);
});
afterAll(() => running.stop());
beforeEach(() => {
  argon2Calls.count = 0;
});

/** Turns in the queue and calls of the library that some work took. */
async function costOf(work: () => Promise<unknown>): Promise<{ turns: number; calls: number }> {
  const before = await metric(running.url, 'foyer_hashes_total');
  await work();
  return { turns: (await metric(running.url, 'foyer_hashes_total')) - before, calls: argon2Calls.count };
}

const oneUnit = { turns: 1, calls: 1 };
const wrong = (email: string) => ({ email, password: 'certainly wrong' });

describe('a password check costs one argon2 unit', () => {
  it.each([
    ['for the right password', bruce],
    ['for a wrong password', wrong(bruce.email)],
    ['for an e-mail that nobody has', wrong('nobody@example.com')],
    ['for an e-mail that is none', wrong('not an e-mail')],
    ['for an account without a password', wrong(withoutPassword)],
    ['for an empty password', { email: john.email, password: '' }],
    ['for an empty password of an account without one', { email: withoutPassword, password: '' }],
    ['for a wrong password on a hash that costs next to nothing', wrong(veronica.email)],
    ['for the right password on such a hash, whose replacement is the unit', veronica],
  ])('%s', async (_case, credentials) => {
    expect(await costOf(() => signIn(running.url, credentials))).toEqual(oneUnit);
  });

  it.each([
    ['for the right password', john],
    ['for a wrong password', wrong(john.email)],
    ['for an e-mail that nobody has', wrong('nobody.else@example.com')],
    ['for an account without a password', wrong(withoutPassword)],
  ])('over the Spaaza wire %s', async (_case, credentials) => {
    expect(await costOf(() => authenticate(running.url, credentials))).toEqual(oneUnit);
  });
});

describe('a refusal before the check costs none', () => {
  it.each([
    ['a locked account', bruce.email],
    ['a locked e-mail that nobody has', 'locked.nobody@example.com'],
  ])('for %s', async (_case, email) => {
    for (let count = 0; count < 5; count += 1) await signIn(running.url, wrong(email));
    argon2Calls.count = 0;
    expect(await costOf(() => signIn(running.url, wrong(email)))).toEqual({ turns: 0, calls: 0 });
  });

  it('for a token, a key or a lookup', async () => {
    const cost = await costOf(async () => {
      await send(`${running.url}/api/v4/auth/validate_token`, {
        headers: { 'access-token': 'meowmeow', client: 'meowmeow', uid: 'meowmeow' },
      });
      await send(`${running.url}/api/v4/whoami`, { headers: { authorization: `Bearer ${demoKey}` } });
      await send(`${running.url}/rest/V1/spaaza/customer/user_info/1`, { headers: { authorization: 'Bearer wrong' } });
    });
    expect(cost).toEqual({ turns: 0, calls: 0 });
  });
});
