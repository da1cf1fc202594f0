import { afterEach, describe, expect, it } from 'vitest';
import { sqliteColumns } from '../src/storage/column-types.ts';
import { type OpenStore, openStore } from '../src/storage/index.ts';
import { migrationsFor } from '../src/storage/migrations/index.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from './dialects.ts';
import { addCustomer } from './fixtures.ts';
import { migrationNames } from './migration-names.ts';

describe('the names of the migrations', () => {
  // A database knows them by name and in order: one that comes before another that ran there breaks it for good.
  it('have a number each, in the order in which they are listed', () => {
    const names = Object.keys(migrationsFor(sqliteColumns));
    expect(names, 'add it to test/migration-names.ts as well').toEqual(migrationNames);
    const numbers = names.map((name) => name.slice(0, 4));
    expect(numbers, 'take the next free number').toEqual([...new Set(numbers)].sort());
  });
});

describe.each(databaseKinds)('migrations (%s)', (kind) => {
  let fresh: FreshDatabase;
  let store: OpenStore;

  async function open(): Promise<void> {
    fresh = await freshDatabaseUrl(kind);
    store = openStore({ url: fresh.url, poolSize: 2, statementTimeoutMs: 10_000 });
  }

  afterEach(async () => {
    await store.close();
    await fresh.drop();
  });

  it('lists every migration as pending on an empty database and none after the run', async () => {
    await open();
    expect(await store.pendingMigrations(), 'add it to test/migration-names.ts').toEqual(migrationNames);
    expect(await store.migrate()).toEqual(migrationNames);
    expect(await store.pendingMigrations()).toEqual([]);
  });

  it('does nothing the second time and keeps what was written in between', async () => {
    await open();
    await store.migrate();
    const id = await addCustomer(store);
    const settings = await store.settings.readAll();
    expect(await store.migrate()).toEqual([]);
    expect((await store.customers.findById(id))?.customer.id).toBe(id);
    expect(await store.settings.readAll()).toEqual(settings);
  });

  it('starts the counters that verbs draw numbers from', async () => {
    await open();
    await store.migrate();
    expect(await store.settings.readAll()).toEqual(
      new Map([
        ['debtor_number', '10000'],
        ['revision', '1'],
      ]),
    );
  });

  it('fails a read on a database that was never migrated instead of answering nothing', async () => {
    await open();
    await expect(store.ping()).rejects.toThrow(/settings/);
  });
});
