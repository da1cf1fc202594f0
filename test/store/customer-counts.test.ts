import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases, runStatement } from '../dialects.ts';
import { addCustomer, saveTopology, smallTopology } from '../fixtures.ts';

describeOnBothDatabases('the number of customers', (database) => {
  let store: OpenStore;
  let direct: Database;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
    direct = openDatabase({ url: database.url, poolSize: 1, statementTimeoutMs: 10_000 });
  });

  beforeEach(async () => {
    await runStatement(database.url, 'delete from customers; delete from customer_counts');
  });

  afterAll(() => direct.close());

  const total = async (websiteId: number | null = null) =>
    (await store.customers.search({ words: [], websiteId, page: 1, perPage: 1 })).totalCount;
  const counters = () =>
    direct.reader.run(direct.reader.db.selectFrom('customer_counts').selectAll().orderBy('block').compile());
  const recountAll = async () => {
    const blocks: number[] = [];
    for (let block: number | undefined = 0; block !== undefined; ) {
      blocks.push(block);
      const from: number = block;
      block = await store.transaction(({ customers }) => customers.recount(from));
    }
    return blocks;
  };

  it('follows creates and erasures, of each website', async () => {
    expect(await total()).toBe(0);
    const [one, other] = [await addCustomer(store), await addCustomer(store, { websiteId: 2 })];
    await addCustomer(store);
    expect([await total(), await total(1), await total(2), await total(3)]).toEqual([3, 2, 1, 0]);
    for (const id of [one, other, other]) await store.transaction(({ customers }) => customers.delete(id));
    expect([await total(), await total(1), await total(2)]).toEqual([1, 1, 0]);
  });

  it('is that of what was committed', async () => {
    const email = 'once@example.org';
    await addCustomer(store, { email });
    await expect(addCustomer(store, { email })).rejects.toThrow(/taken/);
    const undone = store.transaction(async ({ customers }) => {
      for (const { customer } of (await customers.search({ words: [], websiteId: null, page: 1, perPage: 1 }))
        .customers) {
        await customers.delete(customer.id);
      }
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await total()).toBe(1);
  });

  it('is exact after many creates and erasures at once, none of which waited for one row', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, () => addCustomer(store)));
    const changes = ids.slice(0, 20).map((id) => store.transaction(({ customers }) => customers.delete(id)));
    await Promise.all([...changes, ...Array.from({ length: 20 }, () => addCustomer(store))]);
    expect(await total()).toBe(60);
    expect(await counters()).toHaveLength(16);
  });

  it('lets a page be found far behind, whatever ids there are', async () => {
    // Four full blocks' worth of room, two of them used, and one customer far out.
    const ids = [3, 5, 65_535, 65_536, 65_540, 262_143, 262_144, 9_000_000_000];
    for (const id of ids.toReversed()) await addCustomer(store, { id, websiteId: 1 + (id % 2) });
    for (const websiteId of [null, 1, 2]) {
      const theirs = ids.filter((id) => websiteId === null || 1 + (id % 2) === websiteId);
      for (let page = 1; page <= theirs.length + 1; page += 1) {
        const found = await store.customers.search({ words: [], websiteId, page, perPage: 2 });
        expect(found.customers.map(({ customer }) => customer.id)).toEqual(theirs.slice(2 * (page - 1), 2 * page));
        expect(found.totalCount).toBe(theirs.length);
      }
    }
    const nobody = await store.customers.search({ words: [], websiteId: null, page: 1_000_000, perPage: 100 });
    expect(nobody).toEqual({ customers: [], totalCount: ids.length });
  });

  it('is corrected, block by block, after somebody wrote who does not count', async () => {
    for (const id of [1, 2, 65_537, 9_000_000_000]) await addCustomer(store, { id });
    await runStatement(database.url, 'update customers set website_id = 2 where id = 2');
    await runStatement(database.url, 'delete from customers where id = 65537');
    await runStatement(database.url, 'delete from customer_counts where block > 1');
    await addCustomer(store, { id: 200_000, websiteId: 2 });
    expect([await total(), await total(1), await total(2)]).toEqual([4, 3, 1]);
    // Block 3 has a customer; block 137,329 as well, though no counter; the rest of the first 2^53 ids is not looked at.
    expect(await recountAll()).toEqual([0, 1, 3, 137_329]);
    expect([await total(), await total(1), await total(2)]).toEqual([4, 2, 2]);
    expect(await store.customers.countAll()).toBe(4);
    const right = await counters();
    await recountAll();
    expect(await counters()).toEqual(right);
  });

  it('stays exact when it is corrected while others create and erase', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => addCustomer(store)));
    await runStatement(database.url, 'delete from customer_counts');
    await Promise.all([
      ...Array.from({ length: 25 }, () => addCustomer(store)),
      store.transaction(({ customers }) => customers.recount(0)),
      ...ids.map((id) => store.transaction(({ customers }) => customers.delete(id))),
      ...Array.from({ length: 25 }, () => addCustomer(store)),
    ]);
    await recountAll();
    expect([await total(), await store.customers.countAll()]).toEqual([50, 50]);
  });

  it('shows customers who are not counted yet behind the others', async () => {
    const id = await addCustomer(store);
    await runStatement(database.url, 'delete from customer_counts');
    const found = await store.customers.search({ words: [], websiteId: null, page: 1, perPage: 5 });
    expect(found.customers.map(({ customer }) => customer.id)).toEqual([id]);
  });
});
