import { beforeAll, describe, expect, it } from 'vitest';
import type { Claim, QueueFailure, QueueOrder, QueueRow } from '../../src/accounts/loyalty-queue.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';

let lastChainId = 1_000;
let lastCustomerId = 5_000_000;
/** A chain of a test's own: claims look at nothing else. */
const someChain = () => (lastChainId += 1);
const someCustomer = () => (lastCustomerId += 1);

function order(chainId: number, overrides: Partial<QueueOrder> = {}): QueueOrder {
  return {
    chainId,
    customerId: someCustomer(),
    wantsPush: true,
    wantsPull: false,
    erasure: null,
    requestId: 'r-1',
    ...overrides,
  };
}

const lease = (token: string, until = at(60)) => ({ token, until });
const claimOf = (row: QueueRow): Claim => ({ ...row, leaseToken: row.leaseToken! });
const failure = (overrides: Partial<QueueFailure> = {}): QueueFailure => ({
  attempts: 1,
  firstFailedAt: at(1),
  dueAt: at(3),
  errorCode: '429',
  errorText: 'too many requests',
  ...overrides,
});

describeOnBothDatabases('the loyalty queue', (database) => {
  let store: OpenStore;

  beforeAll(() => {
    store = database.open();
  });

  const enqueue = (orders: readonly QueueOrder[], now = at(0)) =>
    store.transaction(({ queue }) => queue.enqueue(orders, now));
  const claim = (chainId: number, limit = 10, token = 'mine', now = at(1), from = store) =>
    from.transaction(({ queue }) => queue.claim(chainId, limit, lease(token), now));
  const claimOne = async (chainId: number, token = 'mine', now = at(1)) => (await claim(chainId, 1, token, now))[0]!;

  it('keeps an order exactly as it was given', async () => {
    const chainId = someChain();
    const one = order(chainId, { erasure: { spaazaUserId: 9_999_999_999 }, wantsPush: false, wantsPull: true });
    await enqueue([one]);
    expect(await store.queue.find(chainId, one.customerId)).toEqual({
      ...one,
      revision: 1,
      state: 'waiting',
      queuedAt: at(0),
      dueAt: at(0),
      attempts: 0,
      firstFailedAt: null,
      leaseToken: null,
      leasedUntil: null,
      errorCode: null,
      errorText: null,
      payload: null,
      sent: null,
    });
    expect(await store.queue.find(chainId, someCustomer())).toBeUndefined();
  });

  it('joins later orders of a customer to one row, which wants all that any of them wanted', async () => {
    const chainId = someChain();
    const one = order(chainId);
    await enqueue([one], at(0));
    await enqueue([{ ...one, wantsPush: false, wantsPull: true, requestId: 'r-2' }], at(5));
    await enqueue([{ ...one, wantsPush: false, erasure: { spaazaUserId: 7 } }], at(6));
    await enqueue([{ ...one, requestId: 'r-4' }], at(7));
    expect(await store.queue.find(chainId, one.customerId)).toMatchObject({
      wantsPush: true,
      wantsPull: true,
      erasure: { spaazaUserId: 7 },
      revision: 4,
      queuedAt: at(0),
      dueAt: at(0),
      requestId: 'r-4',
    });
    expect(await store.queue.count(chainId, 'waiting', 10)).toBe(1);
  });

  it('keeps the chains of one customer apart', async () => {
    const [here, there] = [someChain(), someChain()];
    const one = order(here);
    await enqueue([one, { ...one, chainId: there }]);
    expect((await claim(here)).map(({ chainId }) => chainId)).toEqual([here]);
    expect(await store.queue.hasDue(there, at(1))).toBe(true);
    expect(await store.queue.hasDue(here, at(1))).toBe(false);
  });

  it('counts the rows of a state up to a limit, and knows the oldest', async () => {
    const chainId = someChain();
    expect(await store.queue.findOldest(chainId)).toBeUndefined();
    await enqueue([order(chainId), order(chainId)], at(8));
    await enqueue([order(chainId)], at(3));
    expect(await store.queue.count(chainId, 'waiting', 10)).toBe(3);
    expect(await store.queue.count(chainId, 'waiting', 2)).toBe(2);
    expect(await store.queue.count(chainId, 'dead', 10)).toBe(0);
    expect(await store.queue.findOldest(chainId)).toBe(at(3));
  });

  describe('claiming', () => {
    it('gives what is due, the longest due first, and no more than asked for', async () => {
      const chainId = someChain();
      const [late, early, future] = [order(chainId), order(chainId), order(chainId)];
      await enqueue([late], at(2));
      await enqueue([early], at(1));
      await enqueue([future], at(9));
      const rows = await claim(chainId, 10, 'mine', at(5));
      expect(rows.map(({ customerId }) => customerId)).toEqual([early.customerId, late.customerId]);
      expect(rows[0]).toMatchObject({ leaseToken: 'mine', leasedUntil: at(60) });
      expect(await claim(chainId, 1, 'mine', at(10))).toHaveLength(1);
    });

    it('gives a row to nobody else while its lease lasts, and to anybody afterwards', async () => {
      const chainId = someChain();
      await enqueue([order(chainId)]);
      expect(await claim(chainId, 10, 'first', at(1))).toHaveLength(1);
      expect(await store.queue.hasDue(chainId, at(59))).toBe(false);
      expect(await claim(chainId, 10, 'second', at(59))).toEqual([]);
      expect(await store.queue.hasDue(chainId, at(60))).toBe(true);
      expect(await claim(chainId, 10, 'second', at(60))).toHaveLength(1);
    });

    it('counts a try of whoever never gave a row back, since that may have come to something', async () => {
      const chainId = someChain();
      await enqueue([order(chainId)]);
      expect(await claim(chainId, 1, 'first', at(1))).toMatchObject([{ attempts: 0, firstFailedAt: null }]);
      expect(await claim(chainId, 1, 'second', at(60))).toMatchObject([{ attempts: 1, firstFailedAt: at(60) }]);
    });

    it('never gives one row to two workers that ask at once', async () => {
      const chainId = someChain();
      const orders = Array.from({ length: 120 }, () => order(chainId));
      await enqueue(orders);
      const other = database.open();
      const asking = Array.from({ length: 40 }, (_, index) =>
        claim(chainId, 5, `worker-${index}`, at(1), index % 2 === 0 ? store : other),
      );
      const taken = (await Promise.all(asking)).flat().map(({ customerId }) => customerId);
      // One that had to wait for another may come back with nothing, and asks again.
      for (let more = await claim(chainId, 5); more.length > 0; more = await claim(chainId, 5)) {
        taken.push(...more.map(({ customerId }) => customerId));
      }
      expect(taken.toSorted()).toEqual(orders.map(({ customerId }) => customerId).toSorted());
    });

    it('lets the one who holds a row make the lease longer, and nobody else', async () => {
      const chainId = someChain();
      await enqueue([order(chainId)]);
      const mine = claimOf(await claimOne(chainId));
      expect(await store.transaction(({ queue }) => queue.renew(mine, at(90)))).toBe(true);
      expect(await claim(chainId, 1, 'other', at(60))).toEqual([]);
      const others = claimOf((await claim(chainId, 1, 'other', at(90)))[0]!);
      expect(await store.transaction(({ queue }) => queue.renew(mine, at(120)))).toBe(false);
      expect(await store.transaction(({ queue }) => queue.holds(mine))).toBe(false);
      expect(await store.transaction(({ queue }) => queue.holds(others))).toBe(true);
    });
  });

  describe('after the work', () => {
    it('is rid of a row that is done', async () => {
      const chainId = someChain();
      await enqueue([order(chainId)]);
      const row = await claimOne(chainId);
      expect(await store.transaction(({ queue }) => queue.remove(claimOf(row)))).toBe(true);
      expect(await store.queue.find(chainId, row.customerId)).toBeUndefined();
    });

    it('keeps a row that changed during the work, to begin anew', async () => {
      const chainId = someChain();
      const one = order(chainId);
      await enqueue([one]);
      const mine = claimOf(await claimOne(chainId));
      await enqueue([one], at(2));
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject({ leaseToken: 'mine', revision: 2 });
      expect(await store.transaction(({ queue }) => queue.remove(mine))).toBe(false);
      await store.transaction(({ queue }) => queue.reopen(mine, at(3)));
      const anew = { leaseToken: null, leasedUntil: null, attempts: 0, dueAt: at(3), queuedAt: at(3) };
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject(anew);
    });

    it('does nothing for one whose lease another has by now', async () => {
      const chainId = someChain();
      await enqueue([order(chainId)]);
      const mine = claimOf(await claimOne(chainId));
      const others = await claimOne(chainId, 'other', at(60));
      await store.transaction(async ({ queue }) => {
        expect(await queue.remove(mine)).toBe(false);
        expect(await queue.bury(mine, failure(), null)).toBe(false);
        await queue.release(mine);
        await queue.reopen(mine, at(61));
        await queue.postpone(mine, failure());
      });
      expect(await store.queue.find(chainId, others.customerId)).toEqual(others);
    });

    it('keeps what was sent until an answer came, whatever else becomes of the row', async () => {
      const chainId = someChain();
      const one = order(chainId);
      await enqueue([one]);
      const sent = { phone: ['0123456789abcdef'], city: ['a', 'b'] };
      const sentNow = async () => (await store.queue.find(chainId, one.customerId))?.sent;
      const first = claimOf(await claimOne(chainId));
      await store.transaction(async ({ queue }) => {
        expect(await queue.noteSent(first, sent)).toBe(true);
        await queue.postpone(first, failure());
        expect(await queue.noteSent(first, {})).toBe(false);
      });
      await enqueue([one], at(4));
      expect(await claimOne(chainId, 'second', at(5))).toMatchObject({ sent });
      const second = claimOf((await store.queue.find(chainId, one.customerId))!);
      expect(await store.transaction(({ queue }) => queue.bury(second, failure(), null))).toBe(true);
      await enqueue([one], at(6));
      expect(await sentNow()).toEqual(sent);
      const third = claimOf(await claimOne(chainId, 'third', at(7)));
      await store.transaction(({ queue }) => queue.reopen(third, at(8)));
      expect(await sentNow()).toBeNull();
    });

    it('keeps nothing of what was sent of somebody who is to be erased', async () => {
      const chainId = someChain();
      const one = order(chainId);
      await enqueue([one]);
      const mine = claimOf(await claimOne(chainId));
      await store.transaction(({ queue }) => queue.noteSent(mine, { phone: ['0123456789abcdef'] }));
      await enqueue([{ ...one, erasure: { spaazaUserId: 7 } }], at(2));
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject({
        sent: null,
        erasure: { spaazaUserId: 7 },
      });
    });

    it('gives a row back untouched', async () => {
      const chainId = someChain();
      await enqueue([order(chainId)]);
      const row = await claimOne(chainId);
      await store.transaction(({ queue }) => queue.release(claimOf(row)));
      const expected = { ...row, leaseToken: null, leasedUntil: null };
      expect(await store.queue.find(chainId, row.customerId)).toEqual(expected);
    });

    it('tries a row again when it is due after a failure, and a new change does not hurry it', async () => {
      const chainId = someChain();
      const one = order(chainId);
      await enqueue([one]);
      await store.transaction(async ({ queue }) => {
        const [row] = await queue.claim(chainId, 1, lease('mine'), at(1));
        await queue.postpone(claimOf(row!), failure({ dueAt: at(30) }));
      });
      await enqueue([one], at(5));
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject({
        ...failure({ dueAt: at(30) }),
        leaseToken: null,
        queuedAt: at(0),
      });
      expect(await claim(chainId, 1, 'mine', at(29))).toEqual([]);
      expect(await claim(chainId, 1, 'mine', at(30))).toHaveLength(1);
    });

    it('keeps what was given up, until the customer changes again', async () => {
      const chainId = someChain();
      const one = order(chainId);
      await enqueue([one]);
      const mine = claimOf(await claimOne(chainId));
      const dead = failure({ errorCode: '68', dueAt: at(2) });
      expect(await store.transaction(({ queue }) => queue.bury(mine, dead, '{"a":"***"}'))).toBe(true);
      const buried = { ...dead, state: 'dead', payload: '{"a":"***"}', leaseToken: null };
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject(buried);
      expect(await store.queue.count(chainId, 'dead', 10)).toBe(1);
      expect(await claim(chainId, 1, 'mine', at(600))).toEqual([]);
      await enqueue([one], at(700));
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject({
        state: 'waiting',
        queuedAt: at(700),
        dueAt: at(700),
        attempts: 1,
        firstFailedAt: null,
        errorCode: null,
        errorText: null,
        payload: null,
      });
    });

    it('does not give up a row that changed during the work', async () => {
      const chainId = someChain();
      const one = order(chainId);
      await enqueue([one]);
      const mine = claimOf(await claimOne(chainId));
      await enqueue([one], at(2));
      expect(await store.transaction(({ queue }) => queue.bury(mine, failure(), null))).toBe(false);
      expect(await store.queue.find(chainId, one.customerId)).toMatchObject({ state: 'waiting', leaseToken: 'mine' });
    });

    it('learns whom to erase while somebody works on it', async () => {
      const chainId = someChain();
      const one = order(chainId, { erasure: { spaazaUserId: null } });
      await enqueue([one]);
      await store.transaction(({ queue }) => queue.saveErasure(chainId, one.customerId, { spaazaUserId: 12 }));
      expect((await store.queue.find(chainId, one.customerId))?.erasure).toEqual({ spaazaUserId: 12 });
    });

    it('removes what was given up long ago, in portions, and nothing that waits', async () => {
      const chainId = someChain();
      await enqueue([order(chainId), order(chainId), order(chainId), order(chainId)], at(-100_000));
      const [kept, ...old] = await claim(chainId, 4, 'mine', at(-99_000));
      await store.transaction(async ({ queue }) => {
        for (const row of old) await queue.bury(claimOf(row), failure({ dueAt: at(-90_000) }), null);
        await queue.release(claimOf(kept!));
      });
      const remove = (limit: number) => store.transaction(({ queue }) => queue.deleteDead(at(-80_000), limit));
      expect(await remove(2)).toBe(2);
      expect(await remove(2)).toBe(1);
      expect(await remove(2)).toBe(0);
      expect(await store.queue.find(chainId, kept!.customerId)).toBeDefined();
    });
  });
});
