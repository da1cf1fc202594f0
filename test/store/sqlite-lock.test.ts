import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenStore, openStore } from '../../src/storage/index.ts';
import { beginWhenFree } from '../../src/storage/sqlite-lock.ts';
import { type FreshDatabase, freshMigratedUrl } from '../dialects.ts';
import { addCustomer, saveTopology, smallTopology } from '../fixtures.ts';

describe('a SQLite file that somebody else writes', () => {
  let fresh: FreshDatabase;
  let store: OpenStore;
  let other: Database.Database;

  beforeAll(async () => {
    fresh = await freshMigratedUrl('sqlite');
    store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await saveTopology(store, smallTopology);
    other = new Database(fresh.url.slice('sqlite:'.length));
  });
  afterAll(async () => {
    other.close();
    await store.close();
    await fresh.drop();
  });

  it('is read meanwhile, and written as soon as they are done', async () => {
    const id = await addCustomer(store);
    other.exec('BEGIN IMMEDIATE');
    let isWritten = false;
    const writing = addCustomer(store).then((added) => {
      isWritten = true;
      return added;
    });
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect((await store.customers.findById(id))?.customer.id).toBe(id);
    }
    expect(isWritten).toBe(false);
    other.exec('ROLLBACK');
    expect((await store.customers.findById(await writing))?.customer.id).toBeGreaterThan(id);
  });

  it.each(['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY'])('is tried again after %s', async (code) => {
    let tries = 0;
    const begin = (): void => {
      tries += 1;
      if (tries < 3) throw Object.assign(new Error('database is locked'), { code });
    };
    await beginWhenFree(begin, 2_000);
    expect(tries).toBe(3);
  });

  it('is not tried again after anything else', async () => {
    let tries = 0;
    const begin = (): void => {
      tries += 1;
      throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    };
    await expect(beginWhenFree(begin, 2_000)).rejects.toMatchObject({ code: 'SQLITE_FULL' });
    expect(tries).toBe(1);
  });

  it('refuses to write when they do not come to an end, and writes again when they do', async () => {
    other.exec('BEGIN IMMEDIATE');
    await expect(addCustomer(store)).rejects.toMatchObject({ code: 'storage_unavailable' });
    other.exec('ROLLBACK');
    await expect(addCustomer(store)).resolves.toBeTypeOf('number');
  });
});
