import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import type { NewInboxEntry } from '../../src/accounts/loyalty-queue.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';

function notice(overrides: Partial<NewInboxEntry> = {}): NewInboxEntry {
  return {
    chainId: 123,
    digest: randomUUID(),
    subject: randomUUID(),
    body: '{"data":{"first_name":"Zoë"}}',
    receivedAt: at(0),
    requestId: 'r',
    ...overrides,
  };
}

describeOnBothDatabases('the loyalty inbox', (database) => {
  let store: OpenStore;

  beforeAll(() => {
    store = database.open();
  });

  const insert = (entry: NewInboxEntry) => store.transaction(({ inbox }) => inbox.insert(entry));
  const claim = (now: string, token = 'mine', limit = 50, from = store) =>
    from.transaction(({ inbox }) => inbox.claim(limit, { token, until: at(60) }, now));
  const finish = (id: number, token = 'mine') =>
    store.transaction(({ inbox }) =>
      inbox.settle(id, token, { state: 'done', dueAt: at(5), attempts: 0, errorText: null }),
    );
  /** Only one test's entries are in the way of its claims. */
  const empty = async () => {
    for (const { id } of await claim(at(1_000_000), 'sweeper', 1_000)) await finish(id, 'sweeper');
  };

  it('keeps a notice exactly, and its content once in each chain', async () => {
    await empty();
    const entry = notice();
    expect(await insert(entry)).toBe(true);
    expect(await insert({ ...entry, subject: 'x', receivedAt: at(9) })).toBe(false);
    expect(await insert({ ...entry, chainId: 7, receivedAt: at(100) })).toBe(true);
    expect(await store.inbox.hasDue(at(0))).toBe(true);
    const claimed = await claim(at(1));
    expect(claimed).toEqual([
      {
        ...entry,
        id: expect.any(Number),
        state: 'waiting',
        dueAt: at(0),
        attempts: 0,
        leaseToken: 'mine',
        leasedUntil: at(60),
        errorText: null,
      },
    ]);
    expect(await store.inbox.find(claimed[0]!.id)).toEqual(claimed[0]);
    expect(await store.inbox.hasDue(at(1))).toBe(false);
  });

  it('gives the notices about one person one after another, in the order they came', async () => {
    await empty();
    const subject = randomUUID();
    const [first, second] = [notice({ subject, receivedAt: at(3) }), notice({ subject, receivedAt: at(2) })];
    const other = notice();
    for (const entry of [first, second, other]) await insert(entry);
    const claimed = await claim(at(5));
    expect(claimed.map(({ digest }) => digest)).toEqual([first.digest, other.digest]);
    expect(await claim(at(5), 'other')).toEqual([]);
    expect(await finish(claimed[0]!.id)).toBe(true);
    expect((await claim(at(5), 'other')).map(({ digest }) => digest)).toEqual([second.digest]);
  });

  it('never gives one notice to two who ask at once', async () => {
    await empty();
    const entries = Array.from({ length: 40 }, () => notice());
    for (const entry of entries) await insert(entry);
    const other = database.open();
    const asking = Array.from({ length: 20 }, (_, index) =>
      claim(at(1), `worker-${index}`, 3, index % 2 === 0 ? store : other),
    );
    const taken = (await Promise.all(asking)).flat();
    for (let more = await claim(at(1)); more.length > 0; more = await claim(at(1))) taken.push(...more);
    expect(taken.map(({ digest }) => digest).toSorted()).toEqual(entries.map(({ digest }) => digest).toSorted());
  });

  it('tries a notice again later, for whoever holds it only', async () => {
    await empty();
    await insert(notice());
    const { id } = (await claim(at(1)))[0]!;
    const later = { state: 'waiting', dueAt: at(30), attempts: 1, errorText: 'busy' } as const;
    expect(await store.transaction(({ inbox }) => inbox.settle(id, 'other', later))).toBe(false);
    expect(await store.transaction(({ inbox }) => inbox.settle(id, 'mine', later))).toBe(true);
    expect(await store.inbox.find(id)).toMatchObject({ ...later, leaseToken: null, leasedUntil: null });
    expect(await claim(at(29))).toEqual([]);
    expect(await claim(at(30))).toHaveLength(1);
  });

  it('counts a state up to a limit, and removes what is old in portions', async () => {
    await empty();
    for (let index = 0; index < 3; index += 1) await insert(notice());
    expect(await store.inbox.count('waiting', 10)).toBe(3);
    expect(await store.inbox.count('waiting', 2)).toBe(2);
    const ignored = { state: 'ignored', dueAt: at(-100), attempts: 0, errorText: null } as const;
    for (const { id } of await claim(at(1))) {
      await store.transaction(({ inbox }) => inbox.settle(id, 'mine', ignored));
    }
    const remove = (limit: number) => store.transaction(({ inbox }) => inbox.deleteOlder('ignored', at(-99), limit));
    expect(await remove(2)).toBe(2);
    expect(await remove(2)).toBe(1);
    expect(await store.inbox.count('ignored', 10)).toBe(0);
  });
});
