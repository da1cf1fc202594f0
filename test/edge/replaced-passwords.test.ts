import { hash as bcryptHash } from '@node-rs/bcrypt';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RequestContext } from '../../src/accounts/access.ts';
import { type Accounts, createAccounts } from '../../src/accounts/index.ts';
import type { IssuedToken } from '../../src/accounts/session.ts';
import type { PasswordChange } from '../../src/accounts/update-customer.ts';
import { demoTopology } from '../../src/demo.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { someEmail } from '../fixtures.ts';
import { houseOfSuite } from '../provenance/house.ts';

const shop = demoTopology.shops[0]!;
const first = 'nine lives';
const second = 'ten lives';
const guest: RequestContext = { actor: { kind: 'anonymous' }, origin: 'gomus', requestId: 'a-request' };

// A hash takes long and waits in line: what happens between a check and what is written after it is done here at once.
describeOnBothDatabases('a password that is replaced while it is checked', (database) => {
  const house = houseOfSuite(database, demoTopology);
  /** The verbs, but after the next password was checked `meanwhile` happens before the verb is told. */
  let slow: Accounts;
  let meanwhile: (() => Promise<unknown>) | undefined;
  beforeAll(() => {
    const { passwords } = house.deps;
    slow = createAccounts({
      ...house.deps,
      passwords: {
        hash: (password) => passwords.hash(password),
        check: async (...args) => {
          const check = await passwords.check(...args);
          const work = meanwhile;
          meanwhile = undefined;
          await work?.();
          return check;
        },
      },
    });
  });

  const signUp = async (): Promise<{ email: string; id: number; token: IssuedToken }> => {
    const email = someEmail();
    const changes = { email, givenName: 'Selina', familyName: 'Kyle' };
    const { accounts } = house;
    const wish = { newsletter: {}, problems: [] };
    const { customer, token } = await accounts.signUp({ shop, changes, password: first, ...wish }, guest);
    return { email, id: customer.id, token };
  };
  /** Somebody whose hash comes from another system, and is replaced at the first sign-in. */
  const signUpWithOldHash = async () => {
    const account = await signUp();
    const old = await bcryptHash(first, 4);
    await house.store.transaction((store) => store.customers.setPasswordHash(account.id, old));
    return account;
  };
  const signIn = (verbs: Accounts, email: string, password: string) => verbs.signIn({ shop, email, password }, guest);
  const verify = (verbs: Accounts, email: string, password: string) =>
    verbs.verifyLogin({ email, password, chainId: 123 }, guest);
  const isSignedIn = (token: IssuedToken): Promise<boolean> =>
    house.accounts.resumeSession(token).then(
      () => true,
      () => false,
    );
  const change = async (verbs: Accounts, token: IssuedToken, password: PasswordChange) => {
    const { session, token: _, ...account } = await house.accounts.resumeSession(token);
    const update = { changes: {}, newsletter: {}, problems: [], password };
    return verbs.updateOwnAccount({ ...update, account, sessionId: session.id, shop }, guest);
  };
  const toSecond = { newPassword: second, currentPassword: first };
  const fitting = async (email: string): Promise<string[]> => {
    const passwords: string[] = [];
    for (const password of [first, second]) {
      await verify(house.accounts, email, password).then(
        () => passwords.push(password),
        () => undefined,
      );
    }
    return passwords;
  };

  it('opens no session for the old one', async () => {
    const { email, id, token } = await signUp();
    meanwhile = () => change(house.accounts, token, toSecond);
    await expect(signIn(slow, email, first)).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(await isSignedIn(token)).toBe(true);
    const signIns = (await house.store.history.listByCustomer(id)).filter(({ field }) => field === 'signedIn');
    expect(signIns).toEqual([]);
  });

  it.each([
    ['sign-in', signIn],
    ["the platform's check", verify],
  ])('is not put back by the upgrade of an old hash: %s', async (_, check) => {
    const { email, token } = await signUpWithOldHash();
    meanwhile = () => change(house.accounts, token, toSecond);
    await check(slow, email, first).catch(() => undefined);
    expect(await fitting(email)).toEqual([second]);
  });

  it('lets everybody in who signs in while an old hash of the same password is upgraded', async () => {
    const { email, id } = await signUpWithOldHash();
    let other: IssuedToken | undefined;
    meanwhile = async () => {
      other = (await signIn(house.accounts, email, first)).token;
    };
    const { token } = await signIn(slow, email, first);
    expect([await isSignedIn(token), await isSignedIn(other!)]).toEqual([true, true]);
    expect(await house.store.customers.findPasswordHash(id)).toMatch(/^\$argon2id\$/);
  });

  it('is upgraded by sign-ins and checks of the platform at once, and none waits for the other in a circle', async () => {
    const deadlocks = async (): Promise<number> => {
      if (database.kind === 'sqlite') return 0;
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      // Each process reports what it counted when it has been idle for a second.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const { rows } = await client.query<{ deadlocks: string }>(
        'select deadlocks from pg_stat_database where datname = current_database()',
      );
      await client.end();
      return Number(rows[0]!.deadlocks);
    };
    const before = await deadlocks();
    for (let round = 0; round < 12; round += 1) {
      const { email } = await signUpWithOldHash();
      await signIn(house.accounts, email, 'wrong').catch(() => undefined);
      const both = [signIn, verify].map((check) => check(house.accounts, email, first));
      const more = [signIn, verify].map((check) => check(house.accounts, email, first));
      await Promise.all([...both, ...more]);
    }
    expect(await deadlocks()).toBe(before);
  });

  it('is changed by one of two devices, and the other is told that it was signed out', async () => {
    const { email, token } = await signUp();
    const { token: other } = await signIn(house.accounts, email, first);
    meanwhile = () => change(house.accounts, other, toSecond);
    const third = { newPassword: 'eleven lives', currentPassword: first };
    await expect(change(slow, token, third)).rejects.toMatchObject({ code: 'not_signed_in' });
    expect([await isSignedIn(token), await isSignedIn(other)]).toEqual([false, true]);
    expect(await fitting(email)).toEqual([second]);
  });

  it('is not the current one any more for a second change by the same device', async () => {
    const { email, token } = await signUp();
    meanwhile = () => change(house.accounts, token, toSecond);
    const problems = [{ field: 'currentPassword', rule: 'invalid' }];
    await expect(change(slow, token, { newPassword: 'eleven lives', currentPassword: first })).rejects.toMatchObject({
      code: 'validation_failed',
      details: { problems },
    });
    expect(await fitting(email)).toEqual([second]);
  });

  it('is changed although an old hash of it was upgraded meanwhile', async () => {
    const { email, token } = await signUpWithOldHash();
    meanwhile = () => verify(house.accounts, email, first);
    await change(slow, token, toSecond);
    expect(await fitting(email)).toEqual([second]);
  });

  it('stays as it is when the session ends meanwhile', async () => {
    const { email, token } = await signUp();
    const { session } = await house.accounts.resumeSession(token);
    meanwhile = () => house.accounts.signOut({ sessionId: session.id });
    await expect(change(slow, token, toSecond)).rejects.toMatchObject({ code: 'not_signed_in' });
    expect(await fitting(email)).toEqual([first]);
  });

  describe('by another device', () => {
    const endedSession = async () => {
      const { email, id, token } = await signUp();
      const { token: other } = await signIn(house.accounts, email, first);
      // As at the beginning of a request that waits for the change of the password.
      const { session, token: _, ...account } = await house.accounts.resumeSession(token);
      await change(house.accounts, other, toSecond);
      return { id, account, sessionId: session.id };
    };

    it('keeps the ended one from changing anything, groups included', async () => {
      const { id, account, sessionId } = await endedSession();
      const before = await house.store.customers.findById(id);
      for (const said of [
        { changes: { email: someEmail() }, newsletter: {} },
        { changes: {}, newsletter: { groupIds: [1, 8] } },
      ]) {
        const update = { account, sessionId, shop, problems: [], ...said };
        await expect(house.accounts.updateOwnAccount(update, guest)).rejects.toMatchObject({ code: 'not_signed_in' });
      }
      expect(await house.store.customers.findById(id)).toEqual(before);
    });

    it('keeps the ended one from deleting the account', async () => {
      const { id, sessionId } = await endedSession();
      await expect(house.accounts.deleteAccount({ customerId: id, sessionId }, guest)).rejects.toMatchObject({
        code: 'not_signed_in',
      });
      expect(await house.store.customers.findById(id)).toBeDefined();
    });
  });

  it('is not checked for ever', async () => {
    const { email, id } = await signUp();
    let replaced = 0;
    const replace = async (): Promise<void> => {
      replaced += 1;
      const another = await house.deps.passwords.hash(first);
      await house.store.transaction((store) => store.customers.setPasswordHash(id, another));
      meanwhile = replace;
    };
    meanwhile = replace;
    await expect(signIn(slow, email, first)).rejects.toMatchObject({ code: 'overloaded' });
    meanwhile = undefined;
    expect(replaced).toBe(3);
  });
});
