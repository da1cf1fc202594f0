import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenStore, openStore } from '../../src/storage/index.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { newCustomer, someEmail } from '../fixtures.ts';

const mebibyte = 2 ** 20;

describe('the write-ahead log of a SQLite file', () => {
  let fresh: FreshDatabase;
  let store: OpenStore;
  let path: string;

  beforeEach(async () => {
    fresh = await freshDatabaseUrl('sqlite');
    path = fresh.url.slice('sqlite:'.length);
    store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await store.migrate();
  });

  afterEach(async () => {
    await store.close();
    await fresh.drop();
  });

  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const insert = () =>
    store.transaction(({ customers }) =>
      customers.insert(newCustomer({ email: someEmail(), notes: 'x'.repeat(20_000) })),
    );

  it('stays small under writes without a pause, and what it held is in the file', async () => {
    let largestLog = 0;
    const write = async (): Promise<void> => {
      for (let count = 0; count < 100; count += 1) {
        await insert();
        largestLog = Math.max(largestLog, size(`${path}-wal`));
      }
    };
    await Promise.all(Array.from({ length: 40 }, write));
    expect(await store.customers.countAll()).toBe(4_000);
    expect(size(path)).toBeGreaterThan(50 * mebibyte);
    expect(largestLog).toBeLessThan(40 * mebibyte);
  });

  it('is gone after a clean stop', async () => {
    await Promise.all(Array.from({ length: 300 }, insert));
    await store.close();
    expect([size(`${path}-wal`), size(`${path}-shm`)]).toEqual([0, 0]);
    expect(size(path)).toBeGreaterThan(5 * mebibyte);
  });
});
