import { afterAll, beforeAll, expect, it } from 'vitest';
import { AccountError } from '../../src/accounts/errors.ts';
import { type OpenStore, openStore } from '../../src/storage/index.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology } from '../fixtures.ts';
import { describeWithPgBouncer, type PgBouncer, startPgBouncer } from '../pgbouncer.ts';

describeWithPgBouncer('by way of PgBouncer in transaction mode, two connections for ten', () => {
  let fresh: FreshDatabase;
  let bouncer: PgBouncer;
  let store: OpenStore;

  beforeAll(async () => {
    fresh = await freshDatabaseUrl('postgres');
    bouncer = await startPgBouncer(fresh.url, 2);
    store = openStore({ url: bouncer.url, poolSize: 10, statementTimeoutMs: 10_000 });
    await store.migrate();
    await saveTopology(store, smallTopology);
  });
  afterAll(async () => {
    await store?.close();
    await bouncer?.stop();
    await fresh.drop();
  });

  it('changes of many customers at once, failing ones among them, end up where they belong', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 10; count += 1) ids.push(await addCustomer(store, { notes: '', givenName: 'Ada' }));
    const letters = [...'abcdefghijklmnopqrst'];
    const changes = ids.flatMap((id) =>
      letters.map((letter, index) =>
        store.transaction(async ({ customers }) => {
          const held = (await customers.lock(id))!;
          const changed = { notes: `${held.customer.notes}${letter}`, givenName: `Ada${letter}` };
          expect(await customers.update(held, changed, at(index))).toMatchObject(changed);
          if (index % 5 === 4) throw new AccountError('forbidden');
        }),
      ),
    );
    const outcomes = await Promise.allSettled(changes);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(failures).toEqual(Array(40).fill('forbidden'));
    const kept = letters.filter((_, index) => index % 5 !== 4);
    for (const id of ids) {
      const { notes } = (await store.customers.findById(id))!.customer;
      expect([...notes!].toSorted()).toEqual(kept);
    }
  });

  it('reads find everybody, whoever had the connection before', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => addCustomer(store)));
    const found = await Promise.all(ids.map((id) => store.customers.findById(id)));
    expect(found.map((each) => each?.customer.id)).toEqual(ids);
  });
});
