import { expect, it } from 'vitest';
import { updateById } from '../../fixtures.ts';
import { describeOnServer, describeOnServers, type ServerUnderTest } from '../server-under-test.ts';
import { addMember, authenticate, freshEmail, john } from './client.ts';

const password = 'EasyOrNot?';
const refused = (message: string) => ({
  authenticated: false,
  customer_id: null,
  message,
  website_code: null,
  store_code: null,
});
const invalid = refused('Invalid login or password.');
const locked = refused('The account is locked.');

async function failures(server: ServerUnderTest, email: string, count: number): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let failure = 1; failure <= count; failure += 1) {
    answers.push((await authenticate(server, { email, password: 'wrong' })).json);
  }
  return answers;
}

describeOnServers('authentication', (server) => {
  it('tells who it is and where they belong', async () => {
    const member = await addMember(server, { password });
    const answer = await authenticate(server, { email: member.email, password });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      authenticated: true,
      customer_id: member.id,
      message: null,
      website_code: 'default',
      store_code: 'default',
    });
  });

  it('takes the e-mail in any case and spacing, the password exactly', async () => {
    for (const email of ['INFO@SPAAZA.COM', ' info@spaaza.com ', 'Info@Spaaza.com\n']) {
      expect((await authenticate(server, { ...john, email })).json.customer_id).toBe(39);
    }
    for (const wrong of ['thisiseasytoguess', 'ThisIsEasyToGuess ', ' ThisIsEasyToGuess', 'ThisIsEasyToGues', '']) {
      expect((await authenticate(server, { ...john, password: wrong })).json).toEqual(invalid);
    }
  });

  it('answers the same for a wrong password, an unknown e-mail and an account without a password', async () => {
    const { email } = await addMember(server);
    for (const [who, word] of [
      [john.email, 'wrong'],
      [freshEmail(), 'wrong'],
      ['no e-mail at all', 'wrong'],
      [email, ''],
      [email, 'null'],
    ]) {
      expect((await authenticate(server, { email: who, password: word })).json).toEqual(invalid);
    }
  });

  it('takes any text for a password without breaking', async () => {
    for (const word of ['\u0000', 'x'.repeat(100_000), '€'.repeat(1_000), '{"$ne":null}']) {
      expect((await authenticate(server, { email: freshEmail(), password: word })).json).toEqual(invalid);
    }
    for (const email of ['a\u0000b@example.org', '\u0000', 'x'.repeat(100_000), '%', "' or 1=1--"]) {
      expect((await authenticate(server, { email, password })).json).toEqual(invalid);
    }
  });

  it('tells of a missing confirmation only after the right password', async () => {
    const member = await addMember(server, { password });
    const now = '2024-05-17T10:00:00.000Z';
    await server.app.store.transaction((store) =>
      updateById(store.customers, member.id, { unconfirmedSince: now }, now),
    );
    expect((await authenticate(server, { email: member.email, password: 'wrong' })).json).toEqual(invalid);
    expect((await authenticate(server, { email: member.email, password })).json).toEqual(
      refused("This account isn't confirmed. Verify and try again."),
    );
  });

  it('verifies a hash from Magento and replaces it by a strong one on the first success', async () => {
    const { customers } = server.app.store;
    const stored = await customers.findPasswordHash(1);
    expect(stored).toMatch(/^[0-9a-f]{64}:.{32}:1$/);
    expect((await authenticate(server, { email: 'roni_cost@example.com', password: 'wrong' })).json).toEqual(invalid);
    expect(await customers.findPasswordHash(1)).toBe(stored);

    const right = { email: 'roni_cost@example.com', password: 'Roni_cost3@example.com' };
    expect((await authenticate(server, right)).json.customer_id).toBe(1);
    const upgraded = await customers.findPasswordHash(1);
    expect(upgraded).toMatch(/^\$argon2id\$/);
    expect((await authenticate(server, right)).json.customer_id).toBe(1);
    expect(await customers.findPasswordHash(1)).toBe(upgraded);
  });

  it('writes nothing but failure counters: no session, no event, no history', async () => {
    const member = await addMember(server, { password });
    const { store } = server.app;
    const written = async () => [await store.outbox.list(1_000_000), await store.history.listByCustomer(member.id)];
    const before = await written();
    await authenticate(server, { email: member.email, password });
    await authenticate(server, { email: member.email, password: 'wrong' });
    expect(await written()).toEqual(before);
  });
});

describeOnServers('the lock', (server) => {
  it('shuts after ten failures in a row, for the right password too, and for nobody else', async () => {
    const member = await addMember(server, { password });
    const other = await addMember(server, { password });
    // The failure that locks already says so (magento-webapi 8.1).
    expect(await failures(server, member.email, 10)).toEqual([...Array(9).fill(invalid), locked]);
    expect((await authenticate(server, { email: member.email, password })).json).toEqual(locked);
    expect((await authenticate(server, { email: member.email.toUpperCase(), password })).json).toEqual(locked);
    expect((await authenticate(server, { email: other.email, password })).json.authenticated).toBe(true);
  });

  it('forgets failures at a success', async () => {
    const member = await addMember(server, { password });
    for (let round = 1; round <= 2; round += 1) {
      expect(await failures(server, member.email, 9)).toEqual(Array(9).fill(invalid));
      expect((await authenticate(server, { email: member.email, password })).json.authenticated).toBe(true);
    }
  });

  it('shuts for an e-mail that nobody has as well, so that it tells nothing', async () => {
    expect((await failures(server, freshEmail(), 10)).at(-1)).toEqual(locked);
  });

  it('holds when all guesses come at once', async () => {
    const member = await addMember(server, { password });
    const guesses = Array.from({ length: 20 }, () => authenticate(server, { email: member.email, password: 'wrong' }));
    await Promise.all(guesses);
    expect((await authenticate(server, { email: member.email, password })).json).toEqual(locked);
  });
});

describeOnServers(
  'a lock of one second',
  (server) => {
    it('opens after its time, and counts anew', async () => {
      const member = await addMember(server, { password });
      await failures(server, member.email, 10);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(await failures(server, member.email, 1)).toEqual([invalid]);
      expect((await authenticate(server, { email: member.email, password })).json.authenticated).toBe(true);
    });
  },
  { FOYER_LOCK_SECONDS: '1' },
);

describeOnServer(
  'a key nearly all of whose checks fail',
  (server) => {
    it('is slowed down with 429 and Retry-After, for the right password too', async () => {
      const email = freshEmail();
      // Locked after the first failure, so that the others cost no hash.
      for (let attempt = 1; attempt <= 100; attempt += 1) {
        const answer = await authenticate(server, { email, password: 'wrong' });
        expect(answer.status).toBe(200);
      }
      const answer = await authenticate(server, john);
      expect(answer.status).toBe(429);
      expect(answer.json).toEqual({ message: 'Too Many Requests' });
      const seconds = Number(answer.headers['retry-after']);
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(60);
    });
  },
  { FOYER_RATE_LIMIT: 'on', FOYER_LOCK_FAILURES: '1' },
);
