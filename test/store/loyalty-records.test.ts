import { beforeAll, describe, expect, it } from 'vitest';
import { emptyLink, type OutboundView } from '../../src/accounts/loyalty-link.ts';
import type { ChainState } from '../../src/accounts/loyalty-queue.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology } from '../fixtures.ts';

let lastChainId = 2_000;
const someChain = () => (lastChainId += 1);

const view: OutboundView = {
  givenName: 'Zoë',
  familyName: 'O’Brien',
  email: 'zoe@example.org',
  customerId: 5,
  isPrintedMailingSubscribed: false,
  isMailingSubscribed: true,
  isMailingOffered: true,
  isProgrammeOptedIn: false,
};
const agreement = { view, lastHash: '0123456789abcdef', agreedDigest: '1:abc', syncedAt: at(3) };

describeOnBothDatabases('what is kept about the loyalty link', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  describe('agreements', () => {
    it('keeps the view that was agreed, and makes the link where there is none', async () => {
      const id = await addCustomer(store);
      expect(await store.links.findAgreement(id, 123)).toBeUndefined();
      await store.transaction(({ links }) => links.agree(id, 123, agreement));
      const nothingElse = { platformModifiedAt: null, formerWords: null, digest: '1:abc' };
      expect(await store.links.findAgreement(id, 123)).toEqual({ view, syncedAt: at(3), ...nothingElse });
      const { lastHash, agreedDigest } = agreement;
      expect(await store.links.listByCustomer(id)).toEqual([{ ...emptyLink(id, 123), lastHash, agreedDigest }]);
    });

    it('leaves the tie alone when agreeing, and the agreement alone when tying', async () => {
      const id = await addCustomer(store);
      const { lastHash, agreedDigest } = agreement;
      const link = { ...emptyLink(id, 123), spaazaUserId: 8_000_000_001, isMailingSubscribed: true };
      await store.transaction(async ({ links }) => {
        await links.save(link);
        await links.agree(id, 123, agreement);
        await links.save({ ...link, memberNumber: '77', lastHash, agreedDigest });
        await links.touch(id, 123, at(9));
      });
      expect(await store.links.listByCustomer(id)).toEqual([{ ...link, memberNumber: '77', lastHash, agreedDigest }]);
      const nothingElse = { platformModifiedAt: null, formerWords: null, digest: '1:abc' };
      expect(await store.links.findAgreement(id, 123)).toEqual({ view, syncedAt: at(9), ...nothingElse });
    });

    it('forgets what was agreed and keeps the tie', async () => {
      const id = await addCustomer(store);
      const link = { ...emptyLink(id, 123), spaazaUserId: 8_000_000_002 };
      await store.transaction(async ({ links }) => {
        await links.save(link);
        await links.agree(id, 123, agreement);
        await links.forgetAgreement(id, 123);
      });
      expect(await store.links.listByCustomer(id)).toEqual([link]);
      const nothing = { view: undefined, platformModifiedAt: null, formerWords: null, syncedAt: null, digest: null };
      expect(await store.links.findAgreement(id, 123)).toEqual(nothing);
    });

    it('lists the ties of several customers to all chains', async () => {
      const [one, two, none] = [await addCustomer(store), await addCustomer(store), await addCustomer(store)];
      await store.transaction(async ({ links }) => {
        await links.save({ ...emptyLink(one, 123), spaazaUserId: 8_000_000_003 });
        await links.agree(one, 7, agreement);
        await links.touch(two, 123, at(1));
      });
      expect(await store.links.listTies([two, none, one])).toEqual([
        { customerId: one, chainId: 7, spaazaUserId: null, isAgreed: true, syncedAt: at(3) },
        { customerId: one, chainId: 123, spaazaUserId: 8_000_000_003, isAgreed: false, syncedAt: null },
        { customerId: two, chainId: 123, spaazaUserId: null, isAgreed: false, syncedAt: at(1) },
      ]);
      expect(await store.links.listTies([])).toEqual([]);
    });
  });

  describe('tombstones', () => {
    it('are found by each of their marks, within their chain', async () => {
      const chainId = someChain();
      const stone = { chainId, customerId: 5, spaazaUserId: 9_999_999_999, emailDigest: 'd', erasedAt: at(0) };
      await store.transaction(({ tombstones }) => tombstones.insert([stone]));
      expect(await store.tombstones.find(chainId, 5)).toEqual(stone);
      expect(await store.tombstones.findByUserId(chainId, 9_999_999_999)).toEqual(stone);
      expect(await store.tombstones.findByEmail(chainId, 'd')).toEqual(stone);
      expect(await store.tombstones.find(chainId, 6)).toBeUndefined();
      expect(await store.tombstones.findByUserId(chainId + 1, 9_999_999_999)).toBeUndefined();
      expect(await store.tombstones.findByEmail(chainId, 'e')).toBeUndefined();
    });

    it('of an e-mail that was erased twice are told by the later one', async () => {
      const chainId = someChain();
      const stones = [1, 3, 2].map((second) => ({
        chainId,
        customerId: second,
        spaazaUserId: null,
        emailDigest: 'd',
        erasedAt: at(second),
      }));
      await store.transaction(({ tombstones }) => tombstones.insert(stones));
      await store.transaction(({ tombstones }) => tombstones.insert([]));
      expect(await store.tombstones.findByEmail(chainId, 'd')).toEqual(stones[1]);
    });

    it('are written over by a later one, which knows the id if either did', async () => {
      const chainId = someChain();
      const first = { chainId, customerId: 5, spaazaUserId: 77, emailDigest: '', erasedAt: at(0) };
      const later = { ...first, spaazaUserId: null, emailDigest: 'd', erasedAt: at(9) };
      await store.transaction(({ tombstones }) => tombstones.insert([first]));
      await store.transaction(({ tombstones }) => tombstones.insert([later]));
      expect(await store.tombstones.find(chainId, 5)).toEqual({ ...later, spaazaUserId: 77 });
    });

    it('stay for people who are still customers', async () => {
      const customerId = await addCustomer(store);
      const stone = { chainId: someChain(), customerId, spaazaUserId: 5, emailDigest: '', erasedAt: at(-900_000) };
      await store.transaction(({ tombstones }) => tombstones.insert([stone]));
      expect(await store.transaction(({ tombstones }) => tombstones.deleteOlder(at(-800_000), 10))).toBe(0);
      expect(await store.tombstones.find(stone.chainId, customerId)).toEqual(stone);
    });

    it('are removed in portions once they are old', async () => {
      const chainId = someChain();
      const stones = [1, 2, 3, 4].map((customerId) => ({
        chainId,
        customerId: 800_000_000 + customerId,
        spaazaUserId: null,
        emailDigest: 'old',
        erasedAt: at(customerId === 4 ? -500_000 : -500_001),
      }));
      await store.transaction(({ tombstones }) => tombstones.insert(stones));
      const remove = (limit: number) =>
        store.transaction(({ tombstones }) => tombstones.deleteOlder(at(-500_000), limit));
      expect([await remove(2), await remove(2), await remove(2)]).toEqual([2, 1, 0]);
      expect(await store.tombstones.find(chainId, 800_000_004)).toEqual(stones[3]);
    });
  });

  describe('the state of a chain', () => {
    it('is there for a chain that nothing is known of', async () => {
      const chainId = someChain();
      expect(await store.chainStates.find(chainId)).toEqual({
        chainId,
        pausedUntil: null,
        pauseReason: null,
        pauseCount: 0,
        lastSuccessAt: null,
        reconcileCursor: null,
        backfillCursor: null,
      });
    });

    it('changes in what is named and in nothing else', async () => {
      const chainId = someChain();
      const save = (changes: Partial<Omit<ChainState, 'chainId'>>) =>
        store.transaction(({ chainStates }) => chainStates.save(chainId, changes));
      await save({ reconcileCursor: '{"after":39}', lastSuccessAt: at(1) });
      await save({ backfillCursor: 'x', lastSuccessAt: at(2) });
      await save({ reconcileCursor: null });
      await save({});
      expect(await store.chainStates.find(chainId)).toMatchObject({
        reconcileCursor: null,
        backfillCursor: 'x',
        lastSuccessAt: at(2),
        pauseCount: 0,
      });
    });

    it('is paused once by several who find the chain closed at the same time', async () => {
      const chainId = someChain();
      const pause = (seconds: number, now: string) =>
        store.transaction(({ chainStates }) =>
          chainStates.pause(chainId, { pausedUntil: at(seconds), pauseReason: '269', pauseCount: 1 }, now),
        );
      const answers = await Promise.all([pause(300, at(0)), pause(300, at(0)), pause(300, at(0))]);
      expect(answers.filter((isFirst) => isFirst)).toHaveLength(1);
      expect(await pause(900, at(299))).toBe(false);
      expect(await pause(900, at(300))).toBe(true);
      expect(await store.chainStates.find(chainId)).toMatchObject({ pausedUntil: at(900), pauseReason: '269' });
    });
  });
});
