import { beforeAll, expect, it } from 'vitest';
import type { HistoryEntry, OutboxEntry } from '../../src/accounts/events.ts';
import type { ConsentRecord } from '../../src/accounts/store.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology, statementsOf } from '../fixtures.ts';

const awkward = { text: 'Zoë 👩‍🎨 \u2028 "quoted" \\ \u0000 \ud800', nested: [{ deep: [null, true, 0, -1.5, ''] }] };

describeOnBothDatabases('history, consents and outbox', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  function entry(customerId: number, overrides: Partial<HistoryEntry> = {}): Omit<HistoryEntry, 'id'> {
    return {
      customerId,
      field: 'phone',
      before: null,
      after: null,
      origin: 'gomus',
      actor: 'customer 1',
      requestId: 'request',
      changedAt: at(0),
      ...overrides,
    };
  }

  it('gives back JSON values of the history exactly, in the order written', async () => {
    const id = await addCustomer(store);
    const values = ['text', '', 'null', 0, false, awkward, [], ['a', null]];
    const entries = values.map((after, index) =>
      entry(id, { before: values.at(-index - 1), after, changedAt: at(-index) }),
    );
    await store.transaction(({ history }) => history.append(entries.slice(0, 5)));
    await store.transaction(({ history }) => history.append(entries.slice(5)));
    const listed = await store.history.listByCustomer(id);
    expect(listed).toEqual(entries.map((one) => ({ ...one, id: expect.any(Number) })));
    expect(listed.map((one) => one.id)).toEqual(listed.map((one) => one.id).toSorted((a, b) => a - b));
  });

  it('takes an absent value in the history for null', async () => {
    const id = await addCustomer(store);
    await store.transaction(({ history }) => history.append([entry(id, { before: undefined, after: null })]));
    expect(await store.history.listByCustomer(id)).toMatchObject([{ before: null, after: null }]);
  });

  it('writes nothing for empty lists', async () => {
    const id = await addCustomer(store);
    await store.transaction(async ({ history, consents }) => {
      await history.append([]);
      await consents.append([]);
    });
    expect(await store.history.listByCustomer(id)).toEqual([]);
    expect(await statementsOf(store, id)).toEqual([]);
  });

  it('remembers the e-mails a customer had, in whatever case they were typed', async () => {
    const [id, other] = [await addCustomer(store), await addCustomer(store)];
    await store.transaction(({ history }) =>
      history.append([
        entry(id, { field: 'email', before: 'Old.Zo\u00cb@example.org', after: 'new@example.org' }),
        entry(id, { field: 'foreignId', before: 'crm@example.org', after: null }),
      ]),
    );
    expect(await store.history.hadEmail(id, 'old.zo\u00eb@example.org')).toBe(true);
    expect(await store.history.hadEmail(id, 'new@example.org')).toBe(false);
    expect(await store.history.hadEmail(id, 'crm@example.org')).toBe(false);
    expect(await store.history.hadEmail(other, 'old.zo\u00eb@example.org')).toBe(false);
  });

  it('gives back consents exactly, in the order stated', async () => {
    const [id, other] = [await addCustomer(store), await addCustomer(store)];
    const records: ConsentRecord[] = [true, false, true].map((isGiven, index) => ({
      customerId: id,
      subject: `newsletter:${index}`,
      isGiven,
      origin: 'spaaza',
      actor: 'key 3 (spaaza)',
      requestId: `request ${index}`,
      statedAt: at(-index),
    }));
    await store.transaction(({ consents }) => consents.append([...records, { ...records[0]!, customerId: other }]));
    const kept = await statementsOf(store, id);
    expect(kept).toEqual(records.map((record) => ({ ...record, id: expect.any(Number) })));
    expect(await store.consents.listByCustomer(id, { limit: 2 })).toEqual([kept[2], kept[1]]);
    expect(await store.consents.listByCustomer(id, { limit: 2, beforeId: kept[1]!.id })).toEqual([kept[0]]);
    expect(await store.consents.listStanding(id)).toEqual(kept);
    await store.transaction(({ consents }) => consents.append([{ ...records[0]!, isGiven: false }]));
    expect((await store.consents.listStanding(id)).map(({ subject, isGiven }) => [subject, isGiven])).toEqual([
      ['newsletter:0', false],
      ['newsletter:1', false],
      ['newsletter:2', true],
    ]);
  });

  it('keeps history and consents of a deleted customer until they are deleted themselves', async () => {
    const [id, other] = [await addCustomer(store), await addCustomer(store)];
    const consent = {
      subject: 'newsletter:1',
      isGiven: true,
      origin: 'gomus',
      actor: 'a',
      requestId: 'r',
      statedAt: at(0),
    };
    await store.transaction(async (tx) => {
      await tx.history.append([entry(id), entry(other)]);
      await tx.consents.append([id, other].map((customerId) => ({ customerId, ...consent })));
      await tx.customers.delete(id);
    });
    expect(await store.history.listByCustomer(id)).toHaveLength(1);
    expect(await statementsOf(store, id)).toHaveLength(1);
    await store.transaction(async (tx) => {
      await tx.history.deleteByCustomer(id);
      await tx.consents.deleteByCustomer(id);
    });
    expect(await store.history.listByCustomer(id)).toEqual([]);
    expect(await statementsOf(store, id)).toEqual([]);
    expect(await store.history.listByCustomer(other)).toHaveLength(1);
    expect(await statementsOf(store, other)).toHaveLength(1);
  });

  it('gives back the oldest events of the outbox exactly, in the order written', async () => {
    const waiting = (await store.outbox.list(1_000)).length;
    const events: OutboxEntry['event'][] = [
      { type: 'customer.created', customerId: 42, fields: ['email', 'Zoë 👩‍🎨 \u0000'] },
      { type: 'customer.updated', customerId: 7, fields: [] },
      { type: 'customer.password_changed', customerId: 7 },
      { type: 'customer.deleted', customerId: 42, links: [{ chainId: 123, spaazaUserId: null }] },
    ];
    const written = events.map((event, index) => ({
      event,
      origin: 'import' as const,
      actor: 'operator anna',
      requestId: `request ${index}`,
      occurredAt: at(-index),
    }));
    for (const one of written) await store.transaction(({ outbox }) => outbox.append(one));
    const listed = await store.outbox.list(1_000);
    expect(listed.slice(waiting)).toEqual(written.map((one) => ({ ...one, id: expect.any(Number) })));
    expect(await store.outbox.list(waiting + 2)).toEqual(listed.slice(0, waiting + 2));
  });

  it('gives each event to one of several takers, the oldest first, and keeps none of them', async () => {
    const write = (customerId: number) =>
      store.transaction(({ outbox }) =>
        outbox.append({
          event: { type: 'customer.password_changed', customerId },
          origin: 'gomus',
          actor: 'a',
          requestId: 'r',
          occurredAt: at(0),
        }),
      );
    for (let customerId = 1; customerId <= 60; customerId += 1) await write(customerId);
    const all = await store.outbox.list(1_000);
    expect(await store.outbox.isEmpty()).toBe(false);
    const other = database.open();
    const take = (from: OpenStore) => from.transaction(({ outbox }) => outbox.take(5));
    const batches = await Promise.all(Array.from({ length: 10 }, (_, index) => take(index % 2 === 0 ? store : other)));
    // One that had to wait for another may come back with nothing, and asks again.
    for (let more = await take(store); more.length > 0; more = await take(store)) batches.push(more);
    for (const batch of batches) expect(batch).toEqual(batch.toSorted((a, b) => a.id - b.id));
    expect(batches.flat().toSorted((a, b) => a.id - b.id)).toEqual(all);
    expect(await store.outbox.isEmpty()).toBe(true);
  });

  it('walks through the history in slices and takes only sign-ins out of one', async () => {
    const id = await addCustomer(store);
    const [before] = await store.history.listAges(0, 1);
    expect(before).toBeDefined();
    await store.transaction(({ history }) =>
      history.append([
        entry(id, { field: 'signedIn', changedAt: at(1) }),
        entry(id, { field: 'phone', changedAt: at(2) }),
        entry(id, { field: 'signedIn', changedAt: at(3) }),
      ]),
    );
    const [first, second, third] = await store.history.listByCustomer(id);
    expect(await store.history.listAges(first!.id - 1, 2)).toEqual([
      { id: first!.id, changedAt: at(1) },
      { id: second!.id, changedAt: at(2) },
    ]);
    await store.transaction(({ history }) => history.deleteSignIns(first!.id - 1, second!.id));
    expect(await store.history.listByCustomer(id)).toEqual([second, third]);
    await store.transaction(({ history }) => history.deleteSignIns(first!.id, third!.id));
    expect(await store.history.listByCustomer(id)).toEqual([second]);
  });
});
