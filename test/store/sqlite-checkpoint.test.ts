import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenStore, openStore } from '../../src/storage/index.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { newCustomer, someEmail, updateById } from '../fixtures.ts';

const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
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

// Only root may mount the small file system.
describe.runIf(process.getuid?.() === 0)('a SQLite file on a disk that its own log fills', () => {
  it('refuses a write, then begins the log anew and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foyer-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'foyer-small', folder], { stdio: 'pipe' });
    const open = (): OpenStore =>
      openStore({ url: `sqlite:${join(folder, 'foyer.db')}`, poolSize: 1, statementTimeoutMs: 10_000 });
    let store = open();
    try {
      await store.migrate();
      const customer = newCustomer({ email: someEmail(), notes: 'x'.repeat(80_000) });
      const id = (await store.transaction(({ customers }) => customers.insert(customer))) as number;
      // The file has its size now, and no room is needed but the log's.
      await store.close();
      store = open();
      const outcomes: string[] = [];
      // Fewer transactions than there are between two checkpoints, each of 20 pages and more.
      for (let count = 0; count < 150; count += 1) {
        const notes = String(count % 10).repeat(80_000);
        const write = store.transaction(({ customers }) =>
          updateById(customers, id, { notes }, new Date().toISOString()),
        );
        outcomes.push(await write.then(() => 'taken', String));
      }
      expect(new Set(outcomes.slice(0, 20))).toEqual(new Set(['taken']));
      const refused = outcomes.filter((outcome) => outcome !== 'taken');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(10);
      expect(outcomes.at(-1)).toBe('taken');
    } finally {
      await store.close();
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
