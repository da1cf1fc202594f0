import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareCustomer } from '../../src/accounts/compare-customer.ts';
import { emptyLink } from '../../src/accounts/loyalty-link.ts';
import type { LoyaltyPlatform } from '../../src/accounts/loyalty-platform.ts';
import type { Reconcile, ReconcileFinding } from '../../src/accounts/reconcile-chain.ts';
import { repairDrift } from '../../src/accounts/repair-drift.ts';
import { describeOnBothDatabases, runStatement } from '../dialects.ts';
import { someEmail } from '../fixtures.ts';
import { chainId, operator, platformContext, updateOf } from '../jobs/house.ts';
import { openWorkshop, until, type Workshop } from '../jobs/workshop.ts';
import { clientOf } from './client-options.ts';

describeOnBothDatabases('comparing a chain with the platform', (database) => {
  let shop: Workshop;
  let platform: LoyaltyPlatform;

  beforeEach(async () => {
    await runStatement(database.url, 'delete from customers');
    shop = await openWorkshop(database.url);
    platform = clientOf(shop.fake, { concurrency: 8 });
  });
  afterEach(async () => {
    await platform.close();
    await shop.stop();
  });

  const reconcile = async (options: Partial<Reconcile> = {}) => {
    const found = new Map<number, ReconcileFinding>();
    const walk = {
      platform,
      isRepair: false,
      recreatesMissing: false,
      isRestart: false,
      room: { mostWaiting: 1000, stuckSeconds: 5 },
      onFinding: (finding: ReconcileFinding) => found.set(finding.customerId, finding),
      ...options,
    };
    const { tally, isResumed } = await shop.accounts.reconcileChain(walk, operator);
    return { tally, isResumed, found };
  };

  /** Somebody whom both sides know and agree on. */
  const linkedCustomer = async (changes: Record<string, string> = {}) => {
    const id = await shop.create({ phone: '030 1', ...changes });
    await shop.done(id);
    // The link is news too.
    await until(() => shop.deps.store.outbox.isEmpty());
    return { id, userId: (await shop.linkOf(id))!.spaazaUserId! };
  };

  /** A change here that is lost on its way. */
  const changeUnheard = async (id: number, changes: Record<string, string>) => {
    await shop.deps.store.transaction(({ chainStates }) =>
      chainStates.save(chainId, { pausedUntil: '2099-01-01T00:00:00.000Z' }),
    );
    await shop.change(id, changes);
    await until(async () => (await shop.row(id)) !== undefined);
    await shop.deps.store.transaction(async ({ queue, chainStates }) => {
      await queue.discard({ chainId, state: 'waiting' }, [id], false);
      await chainStates.save(chainId, { pausedUntil: null });
    });
  };

  /** One customer of every kind. */
  const everyKind = async () => {
    const { fake, deps } = shop;
    const agreed = await linkedCustomer();
    const changedThere = await linkedCustomer();
    fake.changeUser(changedThere.userId, { phone_number: '040 2' });
    const changedHere = await linkedCustomer();
    await changeUnheard(changedHere.id, { familyName: 'Lovelace' });
    const nameless = await linkedCustomer();
    fake.changeUser(nameless.userId, { first_name: '' });
    const erased = await linkedCustomer();
    fake.eraseUser(erased.userId);
    const missing = await linkedCustomer();
    const taken = await linkedCustomer();
    fake.changeUser(taken.userId, { authentication_point_identifier: '999999' });
    const unlinked = await linkedCustomer();
    const unknown = await linkedCustomer();
    await deps.store.transaction(async ({ links }) => {
      const { link } = (await deps.store.customers.findLoyaltyProfile(missing.id, chainId))!;
      await links.save({ ...link, spaazaUserId: 7_000_000 });
      await links.save(emptyLink(unlinked.id, chainId));
      await links.forgetAgreement(unlinked.id, chainId);
      await links.save(emptyLink(unknown.id, chainId));
      await links.forgetAgreement(unknown.id, chainId);
    });
    fake.changeUser(unknown.userId, { authentication_point_identifier: '' });
    shop.fake.clearJournal();
    return { agreed, changedThere, changedHere, nameless, erased, missing, taken, unlinked, unknown };
  };

  const here = async (id: number) => (await shop.deps.store.customers.findById(id))!.customer;

  it('finds every kind of difference, field by field, and changes nothing', async () => {
    const people = await everyKind();
    const { tally, found } = await reconcile();
    expect(tally.customers).toMatchObject({
      agreed: 1,
      differs: 3,
      erased: 1,
      missing: 1,
      taken: 1,
      unlinked: 1,
      unknown: 1,
      pending: 0,
      refused: 0,
    });
    expect(tally.fields).toEqual({ phone: 1, familyName: 1, givenName: 1 });
    expect(found.get(people.changedThere.id)).toMatchObject({
      standing: 'differs',
      drift: [{ field: 'phone', here: '030 1', agreed: '030 1', there: '040 2', changed: 'there' }],
      repair: 'none',
    });
    expect(found.get(people.changedHere.id)).toMatchObject({ drift: [{ field: 'familyName', changed: 'here' }] });
    expect(found.get(people.taken.id)).toMatchObject({ standing: 'taken', reason: 'shop id 999999' });
    expect(shop.fake.requests().filter(({ endpoint }) => endpoint !== 'get-user')).toEqual([]);
    expect((await here(people.changedThere.id)).phone).toBe('030 1');
    expect((await shop.deps.store.chainStates.find(chainId)).reconcileCursor).toBeNull();
  });

  it('repairs by the rules of merging, has ours sent by the servers, and has nothing more to do then', async () => {
    const people = await everyKind();
    const { tally, found } = await reconcile({ isRepair: true });
    expect(tally.repairs).toEqual({ repaired: 5, left: 3, refused: 0 });
    for (const kind of ['missing', 'taken', 'unknown'] as const) {
      expect(found.get(people[kind].id)?.repair).toBe('left');
    }
    // This very command never writes over there.
    await shop.done(...Object.values(people).map(({ id }) => id));
    expect((await here(people.changedThere.id)).phone).toBe('040 2');
    expect(shop.fake.user(people.changedHere.userId)?.last_name).toBe('Lovelace');
    expect(shop.fake.user(people.nameless.userId)?.first_name).toBe('Grace');
    expect((await shop.linkOf(people.unlinked.id))?.spaazaUserId).toBe(people.unlinked.userId);
    expect((await shop.linkOf(people.erased.id))?.spaazaUserId).toBeNull();
    expect((await here(people.erased.id)).givenName).toBe('Grace');
    expect((await shop.linkOf(people.missing.id))?.spaazaUserId).toBe(7_000_000);
    const history = await shop.accounts.getCustomerHistory(
      { reference: String(people.changedThere.id), field: 'phone', limit: 1 },
      operator,
    );
    expect(history.entries).toMatchObject([{ origin: 'pull', actor: 'operator anna', after: '040 2' }]);
    const again = await reconcile();
    expect(again.tally.customers).toMatchObject({ agreed: 5, withheld: 1, missing: 1, taken: 1, unknown: 1 });
    expect(again.tally.customers.differs).toBe(0);
  });

  it('sends ours again where the platform has gone back to an older state of its own', async () => {
    const { id, userId } = await linkedCustomer();
    shop.fake.changeUser(userId, { phone_number: '050 5' });
    const [user] = [(await platform.fetchUser({ spaazaUserId: userId }))!];
    // What is known of the platform is younger than what it says now.
    await shop.deps.store.transaction(async ({ links }) => {
      const { view } = (await shop.deps.store.links.findAgreement(id, chainId))!;
      const { link } = (await shop.deps.store.customers.findLoyaltyProfile(id, chainId))!;
      const digests = { lastHash: link.lastHash!, agreedDigest: link.agreedDigest! };
      await links.agree(id, chainId, {
        view: view!,
        ...digests,
        syncedAt: shop.now(),
        platformModifiedAt: '2024-05-17T10:00:00.000Z',
      });
    });
    const restored: LoyaltyPlatform = {
      ...platform,
      chainId,
      fetchUser: async () => ({ ...user!, update: { ...user!.update, lastModifiedAt: '2024-05-17T09:00:00.000Z' } }),
    };
    await reconcile({ isRepair: true, platform: restored });
    await shop.done(id);
    expect(shop.fake.user(userId)?.phone_number).toBe('030 1');
    // What it says from now on is heard again.
    const agreement = await shop.deps.store.links.findAgreement(id, chainId);
    expect(agreement?.platformModifiedAt).toBe('2024-05-17T09:00:00.000Z');
  });

  it('undoes nothing that the platform told after it was asked', async () => {
    const { id, userId } = await linkedCustomer();
    const { deps, fake } = shop;
    fake.changeUser(userId, { phone_number: '040 2' });
    const comparison = await compareCustomer(deps, platform, id, {});
    expect(comparison.standing).toBe('differs');
    fake.changeUser(userId, { phone_number: '040 3' });
    const told = updateOf({ identifiers: { userId }, changes: { phone: '040 3' } });
    await shop.accounts.applyLoyaltyUpdate(told, { actor: { kind: 'system' }, origin: 'webhook', requestId: 'r' });
    await shop.done(id);
    fake.clearJournal();
    await shop.accounts.setMaintenance({ isOn: true });
    expect(await repairDrift(deps, chainId, id, comparison, { recreatesMissing: false }, operator)).toBeNull();
    expect(await shop.row(id)).toMatchObject({ wantsPull: true, wantsPush: false });
    await shop.accounts.setMaintenance({ isOn: false });
    await shop.done(id);
    expect((await here(id)).phone).toBe('040 3');
    expect(fake.requests().map(({ endpoint }) => endpoint)).toEqual(['get-user']);
  });

  it('begins anew where an earlier run did something else, and goes on where it did the same', async () => {
    const { store } = shop.deps;
    const place = (purpose?: string) => {
      const tally = { customers: {}, fields: {}, repairs: {} };
      return JSON.stringify({ purpose, after: 1_000_000_000, done: 50, startedAt: shop.now(), tally });
    };
    const isResumed = async (reconcileCursor: string, options: Partial<Reconcile>) => {
      await store.transaction(({ chainStates }) => chainStates.save(chainId, { reconcileCursor }));
      return (await reconcile(options)).isResumed;
    };
    expect(await isResumed(place(), { isRepair: true })).toBe(false);
    expect(await isResumed(place('repair'), {})).toBe(false);
    // A look has left the place to the repair that it belongs to.
    expect((await reconcile({ isRepair: true })).isResumed).toBe(true);
    expect(await isResumed(place('repair'), { isRepair: true, recreatesMissing: true })).toBe(false);
    expect(await isResumed(place(), {})).toBe(true);
    expect(await isResumed(place('repair'), { isRepair: true })).toBe(true);
    expect((await store.chainStates.find(chainId)).reconcileCursor).toBeNull();
  });

  it('tells anew of who is missing over there only when that is said', async () => {
    const { missing } = await everyKind();
    await reconcile({ isRepair: true, recreatesMissing: true });
    await shop.done(missing.id);
    const link = await shop.linkOf(missing.id);
    expect(link?.spaazaUserId).not.toBe(7_000_000);
    expect(shop.fake.user(link!.spaazaUserId!)).toMatchObject({ authentication_point_identifier: String(missing.id) });
    const history = await shop.accounts.getCustomerHistory(
      { reference: String(missing.id), field: `link.${chainId}.spaazaUserId`, limit: 3 },
      operator,
    );
    expect(history.entries).toContainEqual(
      expect.objectContaining({ before: 7_000_000, after: null, origin: 'operator' }),
    );
  });

  it('takes a change that is on its way for no drift, and one that was given up for drift', async () => {
    const { id } = await linkedCustomer();
    const pausedUntil = '2099-01-01T00:00:00.000Z';
    await shop.deps.store.transaction(({ chainStates }) => chainStates.save(chainId, { pausedUntil }));
    await shop.change(id, { phone: '060 6' });
    await until(async () => (await shop.row(id)) !== undefined);
    expect((await reconcile()).tally.customers).toMatchObject({ pending: 1, differs: 0 });
    await shop.deps.store.transaction(async ({ queue }) => {
      const [row] = await queue.claim(chainId, 1, { token: 't', until: shop.now() }, shop.now());
      const failure = { attempts: 1, firstFailedAt: null, dueAt: shop.now(), errorCode: '9003', errorText: 'no' };
      await queue.bury({ ...row!, leaseToken: 't' }, failure, null);
    });
    expect((await reconcile()).tally.customers).toMatchObject({ pending: 0, differs: 1 });
  });

  it('takes a change for no drift of which a notice waits to be worked on', async () => {
    const { userId } = await linkedCustomer();
    shop.fake.changeUser(userId, { phone_number: '040 2' });
    const notice = { chainId, subject: String(userId), body: '{}', receivedAt: shop.now(), requestId: 'r' };
    await shop.deps.store.transaction(({ inbox }) => inbox.insert({ ...notice, digest: `told-${userId}` }));
    expect((await reconcile()).tally.customers).toMatchObject({ pending: 1, differs: 0 });
    await shop.deps.store.transaction(async ({ inbox }) => {
      const entries = await inbox.claim(100, { token: 't', until: shop.now() }, shop.now());
      const dead = { state: 'dead', dueAt: shop.now(), attempts: 1, errorText: 'refused' } as const;
      for (const { id } of entries) await inbox.settle(id, 't', dead);
    });
    expect((await reconcile()).tally.customers).toMatchObject({ pending: 0, differs: 1 });
  });

  it('takes a change that comes while the platform is asked for no drift', async () => {
    const { id } = await linkedCustomer();
    let isFirst = true;
    const slow: LoyaltyPlatform = {
      ...platform,
      chainId,
      fetchUser: async (by, call) => {
        // What is here was read before, and is old by the time the answer is there.
        if (isFirst) {
          isFirst = false;
          await shop.change(id, { phone: '070 7' });
          await shop.done(id);
        }
        return platform.fetchUser(by, call);
      },
    };
    expect((await reconcile({ platform: slow })).tally.customers).toMatchObject({ agreed: 1, differs: 0 });
  });

  it('counts who cannot be asked for, and goes on', async () => {
    const refused = await linkedCustomer({ email: someEmail() });
    await linkedCustomer();
    shop.fake.behave({ errorCode: 9100, only: { people: [String(refused.userId)] } });
    const { tally, found } = await reconcile();
    expect(tally.customers).toMatchObject({ agreed: 1, refused: 1 });
    expect(found.get(refused.id)?.reason).toBe('9100');
  });

  it('is for operators only', async () => {
    const walk = {
      platform,
      isRepair: false,
      recreatesMissing: false,
      isRestart: false,
      room: { mostWaiting: 100, stuckSeconds: 1 },
    };
    await expect(shop.accounts.reconcileChain(walk, platformContext)).rejects.toMatchObject({ code: 'forbidden' });
  });

  describe('showLink', () => {
    const show = async (reference: string | number, platformOf = () => platform as LoyaltyPlatform | undefined) =>
      (await shop.accounts.showLink({ reference: String(reference), platformOf }, operator)).links;

    it('shows both sides, what was agreed, and what would be sent now', async () => {
      const { id, userId } = await linkedCustomer({ email: 'shown@example.org' });
      expect(await show('SHOWN@example.org')).toMatchObject([
        {
          chainId,
          isHome: true,
          link: { spaazaUserId: userId },
          there: { state: 'found', by: 'user_id', user: { spaazaUserId: userId, shopCustomerId: String(id) } },
          nextPush: 'nothing',
          delivery: undefined,
          hasEvent: false,
          notices: [],
        },
      ]);
      await changeUnheard(id, { phone: '080 8' });
      const [shown] = await show(id);
      expect(shown).toMatchObject({ nextPush: 'alter', nextFields: ['phone'] });
      expect(shown?.fields.find(({ field }) => field === 'phone')).toEqual({
        field: 'phone',
        here: '080 8',
        agreed: '030 1',
        there: '030 1',
        changed: 'here',
      });
    });

    it('shows what waits, and the latest notices without what they say', async () => {
      const { id, userId } = await linkedCustomer();
      await shop.deps.store.transaction(async ({ inbox, queue }) => {
        for (const digest of ['a', 'b', 'c', 'd', 'e', 'f']) {
          await inbox.insert({
            chainId,
            digest: `${digest}-${userId}`,
            subject: String(userId),
            body: '{"phone_number":"040 2"}',
            receivedAt: shop.now(),
            requestId: digest,
          });
        }
        const far = '2099-01-01T00:00:00.000Z';
        const order = { chainId, customerId: id, wantsPush: false, wantsPull: true, erasure: null, requestId: 'r' };
        await queue.enqueue([order], far);
      });
      const [shown] = await show(id);
      expect(shown).toMatchObject({ delivery: { wantsPull: true, state: 'waiting' }, nextPush: 'nothing' });
      expect(shown?.notices.map(({ requestId }) => requestId)).toEqual(['f', 'e', 'd', 'c', 'b']);
      expect(JSON.stringify(shown?.notices)).not.toContain('040 2');
    });

    it('shows that a change is sent again while an answer is missing, also when it was taken back', async () => {
      const { id } = await linkedCustomer();
      await shop.deps.store.transaction(async ({ queue }) => {
        const order = { chainId, customerId: id, wantsPush: true, wantsPull: false, erasure: null, requestId: 'r' };
        await queue.enqueue([order], shop.now());
        const until = '2099-01-01T00:00:00.000Z';
        const [row] = await queue.claim(chainId, 1, { token: 'other', until }, shop.now());
        await queue.noteSent({ ...row!, leaseToken: 'other' }, { phone: ['0123456789abcdef'] });
      });
      expect((await show(id))[0]).toMatchObject({ nextPush: 'alter', nextFields: ['phone'] });
    });

    it('tells a platform that is off, down, or knows nobody from one that knows', async () => {
      const { id } = await linkedCustomer();
      expect((await show(id, () => undefined))[0]?.there).toEqual({ state: 'off' });
      shop.fake.behave({ status: 503 });
      expect((await show(id))[0]?.there).toMatchObject({ state: 'failed', error: { kind: 'transient' } });
      shop.fake.behave({});
      const people = await everyKind();
      expect((await show(people.missing.id))[0]?.there).toEqual({ state: 'nobody' });
      expect((await show(people.erased.id))[0]?.there).toEqual({ state: 'erased' });
      expect((await show(people.unlinked.id))[0]).toMatchObject({
        there: { state: 'found', by: 'our_id' },
        nextPush: 'add',
      });
      expect((await show(people.unknown.id))[0]?.there).toMatchObject({ state: 'found', by: 'email' });
    });

    it('withholds a push of somebody whom the platform erased', async () => {
      const { id, userId } = await linkedCustomer();
      shop.fake.eraseUser(userId);
      await reconcile({ isRepair: true });
      expect((await show(id))[0]).toMatchObject({
        nextPush: 'withheld',
        tombstone: { spaazaUserId: userId },
        there: { state: 'erased' },
      });
    });

    it('refuses partners, unknown customers and unknown chains', async () => {
      const { id } = await linkedCustomer();
      const platformOf = () => undefined;
      const { accounts } = shop;
      const input = { reference: String(id), platformOf };
      await expect(accounts.showLink(input, platformContext)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(accounts.showLink({ ...input, chainId: 7 }, operator)).rejects.toMatchObject({
        code: 'chain_not_configured',
      });
      await expect(show('nobody@example.org')).rejects.toMatchObject({ code: 'customer_not_found' });
    });
  });
});
