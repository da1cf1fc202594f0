import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp } from '../../src/accounts/clean-up.ts';
import type { QueueFailure } from '../../src/accounts/loyalty-queue.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at, newSession } from '../fixtures.ts';
import { chainId, type House, openHouse } from './house.ts';

const day = 86_400;

describeOnBothDatabases('cleaning up', (database) => {
  let house: House;

  beforeAll(async () => {
    house = await openHouse(database.url);
  });

  afterAll(() => house.close());

  const signIns = (customerId: number, seconds: readonly number[]) =>
    house.deps.store.transaction(({ history }) =>
      history.append(
        seconds.map((second) => ({
          customerId,
          field: 'signedIn',
          before: null,
          after: at(second),
          origin: 'gomus',
          actor: 'a',
          requestId: 'r',
          changedAt: at(second),
        })),
      ),
    );
  const fieldsOf = async (customerId: number) =>
    (await house.deps.store.history.listByCustomer(customerId)).map(({ field }) => field);

  it('takes old sign-ins out of the history, leaves the rest, and goes on where it ended', async () => {
    house.setClock(0);
    const id = await house.create();
    const kept = await fieldsOf(id);
    await signIns(
      id,
      Array.from({ length: 300 }, (_, index) => index),
    );
    await signIns(id, [10 * day]);
    house.setClock(90 * day);
    await house.accounts.cleanUp();
    expect((await fieldsOf(id)).filter((field) => field === 'signedIn')).toHaveLength(301);
    house.setClock(90 * day + 1_000);
    const first = await house.accounts.cleanUp();
    expect(first.historyEntries).toBeGreaterThanOrEqual(300 + kept.length);
    expect(await fieldsOf(id)).toEqual([...kept, 'signedIn']);
    expect((await house.accounts.cleanUp()).historyEntries).toBe(0);
    house.setClock(101 * day);
    expect((await house.accounts.cleanUp()).historyEntries).toBe(1);
    expect(await fieldsOf(id)).toEqual(kept);
  });

  it('ends however many expired sessions and old failure counters there are, some hundreds at a time', async () => {
    const id = await house.create();
    const expired = Array.from({ length: 600 }, () => newSession(id, { expiresAt: at(-5_000) }));
    const { store } = house.deps;
    await store.transaction(async ({ sessions, attempts }) => {
      for (const session of expired) await sessions.insert(session);
      for (let count = 0; count < 600; count += 1) {
        const failedAt = at(-100 * day);
        await attempts.save({ key: `old ${count}`, failures: 1, firstFailedAt: failedAt, lockedUntil: null });
      }
    });
    house.setClock(0);
    const removedAtOnce: number[] = [];
    const transaction: typeof store.transaction = async (work) => {
      const result = await store.transaction(work);
      if (typeof result === 'number') removedAtOnce.push(result);
      return result;
    };
    const { sessions, attempts } = await cleanUp({ ...house.deps, store: { ...store, transaction } });
    expect([sessions, attempts]).toEqual([600, 600]);
    expect(removedAtOnce.length).toBeGreaterThanOrEqual(6);
    expect(Math.max(...removedAtOnce)).toBeLessThanOrEqual(250);
  });

  it('keeps the failed sign-ins of the last day, and those that locked somebody out until then', async () => {
    const { store, rules } = house.deps;
    const counters = [
      { key: 'old', failures: 9, firstFailedAt: at(-1), lockedUntil: null },
      { key: 'young', failures: 9, firstFailedAt: at(0), lockedUntil: null },
      { key: 'locked', failures: 10, firstFailedAt: at(-1), lockedUntil: at(0) },
    ];
    await store.transaction(async ({ attempts }) => {
      for (const counter of counters) await attempts.save(counter);
    });
    house.setClock(day + rules.lock.lockSeconds);
    await house.accounts.cleanUp();
    const kept = await Promise.all(counters.map(({ key }) => store.attempts.find(key)));
    expect(kept).toEqual([undefined, counters[1], counters[2]]);
  });

  it('removes dead letters, notices and tombstones after their time, and nothing before', async () => {
    house.setClock(0);
    const { store } = house.deps;
    const lease = { token: 't', until: at(60) };
    const stone = { chainId, customerId: 700_000_001, spaazaUserId: 5, emailDigest: 'd', erasedAt: at(0) };
    const order = { chainId: 55, wantsPush: true, wantsPull: false, erasure: null, requestId: 'r' };
    const states = ['done', 'ignored', 'dead'] as const;
    await store.transaction(async ({ queue, inbox, tombstones }) => {
      await queue.enqueue([{ ...order, customerId: 1 }], at(0));
      await queue.enqueue([{ ...order, customerId: 2 }], at(1));
      const failure: QueueFailure = { attempts: 1, firstFailedAt: at(0), dueAt: at(0), errorCode: '68', errorText: '' };
      const [row] = await queue.claim(55, 1, lease, at(1));
      expect(await queue.bury({ ...row!, leaseToken: 't' }, failure, null)).toBe(true);
      await tombstones.insert([stone]);
      for (const state of [...states, 'waiting']) {
        const notice = { chainId: 55, digest: state, subject: state, body: '', receivedAt: at(0), requestId: 'r' };
        expect(await inbox.insert(notice)).toBe(true);
      }
      for (const { id, digest } of await inbox.claim(10, lease, at(1))) {
        const state = states.find((one) => one === digest);
        if (state !== undefined) await inbox.settle(id, 't', { state, dueAt: at(0), attempts: 0, errorText: null });
      }
    });
    const run = async (seconds: number) => {
      house.setClock(seconds);
      const { deadLetters, notices, tombstones } = await house.accounts.cleanUp();
      return { deadLetters, notices, tombstones };
    };
    expect(await run(14 * day)).toEqual({ deadLetters: 0, notices: 0, tombstones: 0 });
    expect(await run(14 * day + 1)).toEqual({ deadLetters: 0, notices: 2, tombstones: 0 });
    expect(await run(90 * day)).toEqual({ deadLetters: 0, notices: 0, tombstones: 0 });
    expect(await run(90 * day + 1)).toEqual({ deadLetters: 1, notices: 1, tombstones: 0 });
    expect(await run(400 * day)).toEqual({ deadLetters: 0, notices: 0, tombstones: 0 });
    expect(await run(400 * day + 1)).toEqual({ deadLetters: 0, notices: 0, tombstones: 1 });
    expect(await store.queue.find(55, 2)).toBeDefined();
    expect(await store.inbox.count('waiting', 10)).toBe(1);
  });
});
