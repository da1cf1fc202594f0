import { describe, expect, it } from 'vitest';
import type { Backfill, BackfillFinding } from '../../src/accounts/backfill-chain.ts';
import { emptyLink } from '../../src/accounts/loyalty-link.ts';
import { type LoyaltyPlatform, LoyaltyPlatformError } from '../../src/accounts/loyalty-platform.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { chainId, operator, platformContext, updateOf } from '../jobs/house.ts';
import { linkedHouseOfSuite } from './house-with-platform.ts';

const room = { mostWaiting: 1000, stuckSeconds: 5 };

describeOnBothDatabases('the first link of customers that are here already', (database) => {
  const suite = linkedHouseOfSuite(database);

  const backfill = (options: Partial<Backfill> = {}) =>
    suite.house.accounts.backfillChain(
      { platform: suite.platform, isDryRun: false, isRestart: false, room, ...options },
      operator,
    );
  const linkOf = async (id: number) =>
    (await suite.house.deps.store.links.listByCustomer(id)).find((link) => link.chainId === chainId);
  const waits = async (id: number) => (await suite.house.deps.store.queue.find(chainId, id))?.state === 'waiting';
  const cursor = async () => (await suite.house.deps.store.chainStates.find(chainId)).backfillCursor;

  /** One customer of every kind. */
  const everyKind = async () => {
    const { house, fake, createBoth } = suite;
    const linked = await house.create();
    await house.deps.store.transaction(({ links }) =>
      links.save({ ...emptyLink(linked, chainId), spaazaUserId: 5_000_001 }),
    );
    const byId = await house.create({ email: 'by-id@example.org' });
    const knownAs = fake.addUser({ username: 'by-id@example.org', authentication_point_identifier: String(byId) });
    const byEmail = await createBoth(
      { email: 'By-Email@example.org' },
      { username: 'by-email@example.org', programme_opted_in: true, mailing_list_subscribed: true },
    );
    const unknown = await house.create();
    const foreign = await createBoth({ email: 'foreign@example.org' }, { authentication_point_identifier: 'pos-17' });
    const two = await createBoth({ email: 'two@example.org' }, {});
    fake.addUser({ username: 'other@example.org', authentication_point_identifier: String(two.id) });
    const erased = await house.create();
    await house.deps.store.transaction(({ tombstones }) =>
      tombstones.insert([
        { chainId, customerId: erased, spaazaUserId: 6_000_001, emailDigest: '', erasedAt: house.now() },
      ]),
    );
    return { linked, byId, knownAs, byEmail, unknown, foreign, two, erased };
  };

  it('has those sent whom only an update of the platform made, and of whom it knows nothing now', async () => {
    const { house } = suite;
    const { profile } = await house.accounts.applyLoyaltyUpdate(
      updateOf({
        changes: { email: 'off@example.org', givenName: 'Ada', familyName: 'Lovelace' },
        identifiers: { username: 'off@example.org' },
        createIfMissing: true,
      }),
      platformContext,
    );
    const { id } = profile.customer;
    expect((await linkOf(id))?.agreedDigest).not.toBeNull();
    expect((await backfill()).tally).toMatchObject({ nobody: 1 });
    expect(await linkOf(id)).toMatchObject({ agreedDigest: null, spaazaUserId: null });
    expect(await waits(id)).toBe(true);
  });

  it('counts who would match by id, by e-mail, not at all and ambiguously, and changes nothing', async () => {
    const { house, fake } = suite;
    const people = await everyKind();
    const before = fake.users();
    await house.deps.store.transaction(({ outbox }) => outbox.take(100));
    const findings: BackfillFinding[] = [];
    const { tally, done, total } = await backfill({ isDryRun: true, onFinding: (finding) => findings.push(finding) });
    expect(tally).toEqual({
      linked: 1,
      by_id: 1,
      by_email: 1,
      nobody: 1,
      ambiguous: 2,
      erased_there: 1,
      refused: 0,
      gone: 0,
    });
    expect([done, total]).toEqual([7, 7]);
    const byCustomer = new Map(findings.map((finding) => [finding.customerId, finding]));
    expect(byCustomer.get(people.foreign.id)).toMatchObject({
      outcome: 'ambiguous',
      spaazaUserId: people.foreign.userId,
      reason: 'other_shop_id',
    });
    expect(byCustomer.get(people.two.id)).toMatchObject({ outcome: 'ambiguous', reason: 'two_people' });
    expect(fake.users()).toEqual(before);
    expect(await house.deps.store.outbox.count(10)).toBe(0);
    expect(await house.deps.store.queue.count(chainId, 'waiting', 10)).toBe(0);
    expect(await linkOf(people.byId)).toBeUndefined();
    expect(await cursor()).toBeNull();
  });

  it('ties who is known, has sent who is not, and leaves alone whom it is not sure of', async () => {
    const { house } = suite;
    const people = await everyKind();
    await house.deps.store.transaction(({ outbox }) => outbox.take(100));
    await backfill();
    expect((await linkOf(people.byId))?.spaazaUserId).toBe(people.knownAs);
    // What the person agreed to over there holds: nobody was ever asked here.
    expect(await linkOf(people.byEmail.id)).toMatchObject({
      spaazaUserId: people.byEmail.userId,
      memberNumber: `99${people.byEmail.userId}`,
      isProgrammeOptedIn: true,
      isMailingSubscribed: true,
      isPrintedMailingSubscribed: false,
    });
    expect(await waits(people.unknown)).toBe(true);
    for (const id of [people.foreign.id, people.two.id, people.erased]) {
      expect(await linkOf(id)).toBeUndefined();
      expect(await waits(id)).toBe(false);
    }
    expect(suite.fake.requests().filter(({ endpoint }) => endpoint !== 'get-user')).toEqual([]);
    expect(await cursor()).toBeNull();
    const history = await house.accounts.getCustomerHistory(
      { reference: String(people.byEmail.id), field: `link.${chainId}.spaazaUserId`, limit: 1 },
      operator,
    );
    expect(history.entries).toMatchObject([{ after: people.byEmail.userId, origin: 'pull', actor: 'operator anna' }]);
  });

  it('finds nothing more to do when it runs again', async () => {
    await everyKind();
    await backfill();
    const { tally } = await backfill();
    expect(tally).toMatchObject({ linked: 3, by_id: 0, by_email: 0, ambiguous: 2 });
  });

  it('does not take a person who is tied to another customer', async () => {
    const { house, createBoth } = suite;
    const mine = await createBoth({ email: 'shared@example.org' }, {});
    const other = await house.create();
    await house.deps.store.transaction(({ links }) =>
      links.save({ ...emptyLink(other, chainId), spaazaUserId: mine.userId }),
    );
    const findings: BackfillFinding[] = [];
    await backfill({ onFinding: (finding) => findings.push(finding) });
    expect(findings.find(({ customerId }) => customerId === mine.id)).toMatchObject({ reason: 'other_customer' });
    expect(await linkOf(mine.id)).toBeUndefined();
  });

  it('knows its own customer who is sent while it asks', async () => {
    const { house, fake, platform } = suite;
    const email = 'meanwhile@example.org';
    const id = await house.create({ email });
    const asked: LoyaltyPlatform = {
      ...brokenFrom(0),
      fetchUser: async (by, call) => {
        const user = await platform.fetchUser(by, call);
        if ('customerId' in by) fake.addUser({ username: email, authentication_point_identifier: String(id) });
        return user;
      },
    };
    expect((await backfill({ platform: asked, isDryRun: true })).tally).toMatchObject({ by_email: 1, ambiguous: 0 });
  });

  it('does not tie whom the platform shows as erased', async () => {
    const { platform, createBoth } = suite;
    const { id } = await createBoth({ email: 'erased@example.org' }, {});
    const shown: LoyaltyPlatform = {
      ...brokenFrom(0),
      fetchUser: async (by, call) => {
        const user = await platform.fetchUser(by, call);
        return user && { ...user, update: { ...user.update, isErasure: true } };
      },
    };
    expect((await backfill({ platform: shown })).tally).toMatchObject({ by_email: 0, erased_there: 1 });
    expect(await linkOf(id)).toBeUndefined();
    expect(await waits(id)).toBe(false);
  });

  it('undoes nothing that the platform tells by itself while it is asked', async () => {
    const { house, fake, platform, createBoth } = suite;
    const email = 'told@example.org';
    const { id, userId } = await createBoth({ email, phone: '1' }, { phone_number: '1' });
    const slow: LoyaltyPlatform = {
      ...brokenFrom(0),
      fetchUser: async (by, call) => {
        const answer = await platform.fetchUser(by, call);
        if (answer === undefined) return undefined;
        fake.changeUser(userId, { phone_number: '2' });
        const told = { identifiers: { userId, username: email }, changes: { phone: '2' }, lastModifiedAt: at(60) };
        const context = { actor: { kind: 'system' }, origin: 'webhook', requestId: 'r' } as const;
        await house.accounts.applyLoyaltyUpdate(updateOf(told), context);
        return answer;
      },
    };
    await backfill({ platform: slow });
    expect((await house.deps.store.customers.findById(id))!.customer.phone).toBe('2');
    expect((await linkOf(id))?.spaazaUserId).toBe(userId);
    // The workers ask, because nobody knows which of the two was the later.
    expect(await house.deps.store.queue.find(chainId, id)).toMatchObject({ wantsPull: true });
  });

  it('goes on after a refusal that is about one person', async () => {
    const { house, fake } = suite;
    const refused = await house.create();
    const unknown = await house.create();
    fake.behave({ errorCode: 9003, only: { people: [String(refused)] } });
    const findings: BackfillFinding[] = [];
    const { tally } = await backfill({ onFinding: (finding) => findings.push(finding) });
    expect(tally).toMatchObject({ refused: 1, nobody: 1 });
    expect(findings.find(({ customerId }) => customerId === refused)?.reason).toBe('9003');
    expect(await waits(unknown)).toBe(true);
  });

  it('asks again what got no answer', async () => {
    const { house, fake } = suite;
    await house.create();
    fake.behave({ status: 503 });
    setTimeout(() => fake.behave({}), 200);
    expect((await backfill()).tally.nobody).toBe(1);
  });

  /** The platform until a customer with this id or a later one is asked for: then the credential is refused. */
  const brokenFrom = (customerId: number): LoyaltyPlatform => ({
    chainId,
    fetchUser: async (by, call) => {
      if ('customerId' in by && by.customerId >= customerId)
        throw new LoyaltyPlatformError('chain', 'code 6', { code: 6 });
      return suite.platform.fetchUser(by, call);
    },
    addUser: () => Promise.reject(new Error('never')),
    alterUser: () => Promise.reject(new Error('never')),
    deleteUser: () => Promise.reject(new Error('never')),
    close: () => Promise.resolve(),
  });

  it('goes on where it was, counts included, after it was ended', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 130; count += 1) ids.push(await suite.house.create());
    await suite.house.deps.store.transaction(({ outbox }) => outbox.take(1000));
    const broken = backfill({ platform: brokenFrom(ids[110]!) });
    await expect(broken).rejects.toMatchObject({ kind: 'chain', code: 6 });
    expect(await suite.house.deps.store.queue.count(chainId, 'waiting', 1000)).toBe(100);
    suite.fake.clearJournal();
    const { tally, isResumed, done } = await backfill();
    expect({ isResumed, done, nobody: tally.nobody }).toEqual({ isResumed: true, done: 130, nobody: 130 });
    // By id and by e-mail, for each of those that were left.
    expect(suite.fake.stats().requests).toBe(60);
    expect(await suite.house.deps.store.queue.count(chainId, 'waiting', 1000)).toBe(130);
  });

  it('begins again when told to', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 60; count += 1) ids.push(await suite.house.create());
    await expect(backfill({ platform: brokenFrom(ids[55]!) })).rejects.toThrow();
    expect(await cursor()).not.toBeNull();
    const { isResumed, tally } = await backfill({ isRestart: true });
    expect([isResumed, tally.nobody]).toEqual([false, 60]);
  });

  // Which of the two is ahead is up to the machine; where the first is done before the second moves, there is nothing to see.
  it('ends when another run has gone on from the same place', { retry: 4 }, async () => {
    for (let count = 0; count < 60; count += 1) await suite.house.create();
    await suite.house.deps.store.transaction(({ outbox }) => outbox.take(1000));
    const statusOf = (run: Promise<unknown>) =>
      run.then(
        () => 'done',
        (error: Error) => error.name,
      );
    let visited = 0;
    let other: Promise<string> | undefined;
    const first = statusOf(
      backfill({
        onFinding: () => {
          visited += 1;
          if (visited === 10) other = statusOf(backfill({ isRestart: true }));
        },
      }),
    );
    expect([await first, await other].sort()).toEqual(['WalkTakenOver', 'done']);
    expect(await cursor()).toBeNull();
  });

  it('never has more waiting than it may, and ends when nobody works on the queue', async () => {
    const { house } = suite;
    for (let count = 0; count < 120; count += 1) await house.create();
    const { store } = house.deps;
    await store.transaction(({ outbox }) => outbox.take(1000));
    await expect(backfill({ room: { mostWaiting: 60, stuckSeconds: 1 } })).rejects.toMatchObject({
      name: 'QueueStandsStill',
      waiting: 50,
    });
    let most = 0;
    let isOver = false;
    const worker = (async () => {
      while (!isOver) {
        most = Math.max(most, await store.queue.count(chainId, 'waiting', 1000));
        await store.transaction(async ({ queue }) => {
          for (const row of await queue.claim(chainId, 20, { token: 'w', until: '2099-01-01' }, house.now())) {
            await queue.remove({ ...row, leaseToken: 'w' });
          }
        });
        await new Promise((done) => setTimeout(done, 50));
      }
    })();
    const { tally } = await backfill({ room: { mostWaiting: 60, stuckSeconds: 10 } });
    isOver = true;
    await worker;
    expect(tally.nobody).toBe(120);
    expect(most).toBeGreaterThan(20);
    expect(most).toBeLessThanOrEqual(60);
  });

  it('does nothing during maintenance, and nothing for a partner', async () => {
    await suite.house.create();
    await suite.house.accounts.setMaintenance({ isOn: true });
    await expect(backfill()).rejects.toMatchObject({ code: 'maintenance' });
    await suite.house.accounts.setMaintenance({ isOn: false });
    const walk = { platform: suite.platform, isDryRun: true, isRestart: false, room };
    await expect(suite.house.accounts.backfillChain(walk, platformContext)).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  describe('resumeChain', () => {
    it('ends a pause, and remembers that there was one', async () => {
      const { accounts, deps } = suite.house;
      const pause = { pausedUntil: '2099-01-01T00:00:00.000Z', pauseReason: '6: no', pauseCount: 2 };
      await deps.store.transaction(({ chainStates }) => chainStates.pause(chainId, pause, suite.house.now()));
      expect(await accounts.resumeChain({ chainId }, operator)).toMatchObject(pause);
      expect(await deps.store.chainStates.find(chainId)).toMatchObject({
        pausedUntil: null,
        pauseReason: null,
        pauseCount: 2,
      });
      await expect(accounts.resumeChain({ chainId: 7 }, operator)).rejects.toMatchObject({
        code: 'chain_not_configured',
      });
      await expect(accounts.resumeChain({ chainId }, platformContext)).rejects.toMatchObject({ code: 'forbidden' });
    });
  });
});
