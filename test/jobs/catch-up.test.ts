import { afterEach, describe, expect, it } from 'vitest';
import { catchUp } from '../../src/accounts/catch-up.ts';
import type { Store } from '../../src/accounts/store.ts';
import type { ColumnTypes } from '../../src/storage/column-types.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl, freshMigratedUrl, runStatement } from '../dialects.ts';
import { type House, openHouse } from './house.ts';

const migrationsBefore = (types: ColumnTypes) =>
  Object.fromEntries(Object.entries(migrationsFor(types)).filter(([name]) => name < '0005'));

/** Writes customers as the release before does: with their search text, and without words or counts. */
const createdBefore = (count: number, familyName: string) => `
  insert into customers (pool_id, website_id, store_id, created_in, email, normalized_email, given_name, family_name,
    level, group_id, search_text, created_at, updated_at)
  with recursive number(n) as (select 1 union all select n + 1 from number where n < ${count})
  select 1, 1, 1, 'Default', '${familyName}' || n || '@old.example', '${familyName}' || n || '@old.example', 'Grace',
    '${familyName}', 20, 1, 'grace ${familyName} ${familyName}' || n || '@old.example ', '', '' from number`;

describe.each(databaseKinds)('what the release before wrote (%s)', (kind) => {
  let fresh: FreshDatabase;
  let house: House;

  const open = async () => {
    house = await openHouse(fresh.url);
  };
  const found = async (...words: string[]) => {
    const { store } = house.deps;
    return (await store.customers.search({ words, websiteId: null, page: 1, perPage: 1 })).totalCount;
  };

  afterEach(async () => {
    await house.close();
    await fresh.drop();
  });

  it('is found and counted once the database has caught up, all of it', async () => {
    fresh = await freshDatabaseUrl(kind);
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsBefore);
    await runStatement(fresh.url, createdBefore(1_100, 'ancient'));
    expect(await database.migrate(migrationsFor)).toContain('0005-customer-search');
    await database.close();
    await open();
    const { store } = house.deps;
    expect([await found('ancient'), await found()]).toEqual([0, 0]);
    // One that is broken off goes on: what is done is not done again.
    let transactions = 0;
    const cutOff: Store = {
      ...store,
      transaction: (work) => {
        transactions += 1;
        return transactions > 3 ? Promise.reject(new Error('cut off')) : store.transaction(work);
      },
    };
    await expect(catchUp(cutOff)).rejects.toThrow('cut off');
    expect([await found('ancient'), await found('grace', 'ancient7@'), await found()]).toEqual([500, 1, 1_100]);
    expect(await catchUp(store)).toBe(600);
    expect([await found('ancient'), await found('ancient1100@old'), await found()]).toEqual([1_100, 1, 1_100]);
    expect(await catchUp(store)).toBe(0);
  });

  it('while nodes of both are at work is mended by the next cleaning', async () => {
    fresh = await freshDatabaseUrl(kind);
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
    await database.close();
    await open();
    const [renamed, erased, mixed] = [await house.create(), await house.create(), await house.create()];
    await runStatement(fresh.url, createdBefore(3, 'youngster'));
    const renaming = (name: string, id: number) =>
      runStatement(
        fresh.url,
        `update customers set family_name = '${name}', search_text = 'grace ${name} ' || email || ' ' where id = ${id}`,
      );
    await renaming('Newname', renamed);
    await renaming('Between', mixed);
    await runStatement(fresh.url, `delete from customers where id = ${erased}`);
    // A change by this release knows that it cannot go by what the words should be.
    await house.change(mixed, { familyName: 'Lastname' });
    expect([await found('lastname'), await found('between'), await found('newname')]).toEqual([1, 0, 0]);
    expect([await found('hopper'), await found('youngster'), await found()]).toEqual([1, 0, 3]);
    const { indexedCustomers } = await house.accounts.cleanUp();
    expect(indexedCustomers).toBe(4);
    expect([await found('newname'), await found('hopper'), await found('youngster')]).toEqual([1, 0, 3]);
    expect(await found()).toBe(5);
    expect((await house.accounts.cleanUp()).indexedCustomers).toBe(0);
    expect(await found()).toBe(5);
  });

  it('is found by the cleaning wherever it is, behind a gap as well', async () => {
    fresh = await freshMigratedUrl(kind);
    await open();
    await runStatement(fresh.url, createdBefore(300, 'early'));
    await runStatement(fresh.url, `update customers set id = id + 1000000000 where id > 270`);
    expect((await house.accounts.cleanUp()).indexedCustomers).toBe(300);
    expect([await found('early'), await found('early271@'), await found('early300@')]).toEqual([300, 1, 1]);
    // Nobody is passed over by one who comes behind where the last run ended.
    await runStatement(fresh.url, createdBefore(1, 'late'));
    expect((await house.accounts.cleanUp()).indexedCustomers).toBe(1);
  });

  it('leaves no words behind when the release before erases', async () => {
    fresh = await freshDatabaseUrl(kind);
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
    await open();
    const id = await house.create();
    const words = () => database.reader.run(database.reader.db.selectFrom('customer_words').selectAll().compile());
    expect((await words()).length).toBeGreaterThan(2);
    const connection = `delete from customers where id = ${id}`;
    await runStatement(fresh.url, kind === 'sqlite' ? `pragma foreign_keys = on; ${connection}` : connection);
    expect(await words()).toEqual([]);
    await database.close();
  });
});
