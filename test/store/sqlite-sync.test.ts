import { fdatasync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OpenStore, openStore } from '../../src/storage/index.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { newCustomer, someEmail } from '../fixtures.ts';

vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>();
  return { ...actual, fdatasync: vi.fn(actual.fdatasync) };
});
type Done = (error: NodeJS.ErrnoException | null) => void;

describe('the sync of a SQLite commit', () => {
  const sync = vi.mocked(fdatasync);
  let fresh: FreshDatabase;
  let store: OpenStore;

  beforeAll(async () => {
    fresh = await freshDatabaseUrl('sqlite');
    store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await store.migrate();
  });

  beforeEach(() => {
    sync.mockClear();
  });

  afterAll(async () => {
    await store.close();
    await fresh.drop();
  });

  const insert = (email = someEmail()) =>
    store.transaction(({ customers }) => customers.insert(newCustomer({ email })));

  it('is waited for before anybody hears of success', async () => {
    let finish: Done = () => undefined;
    const started = new Promise<void>((resolve) => {
      sync.mockImplementationOnce((_, done) => {
        finish = done;
        resolve();
      });
    });
    let isAcknowledged = false;
    const email = someEmail();
    const running = insert(email).then(() => {
      isAcknowledged = true;
    });
    await started;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAcknowledged).toBe(false);
    expect(await store.customers.findByEmail(1, email)).toBeDefined(); // committed, and not yet promised
    finish(null);
    await running;
    expect(isAcknowledged).toBe(true);
  });

  it('is shared by transactions that wait together', async () => {
    await Promise.all(Array.from({ length: 50 }, () => insert()));
    expect(sync).toHaveBeenCalledTimes(1);
  });

  it('is shared also where their work takes longer than a turn of the event loop, and others have theirs', async () => {
    const emails = Array.from({ length: 20 }, () => someEmail());
    const spin = (milliseconds: number): void => {
      for (const end = performance.now() + milliseconds; performance.now() < end; );
    };
    let isOver = false;
    const writing = Promise.all(
      emails.map((email) =>
        store.transaction(({ customers }) => {
          spin(3);
          return customers.insert(newCustomer({ email }));
        }),
      ),
    ).then(() => {
      isOver = true;
    });
    const seen: number[] = [];
    while (!isOver && seen.length < 1_000) {
      await new Promise((resolve) => setImmediate(resolve));
      const found = await Promise.all(emails.map((email) => store.customers.findByEmail(1, email)));
      seen.push(found.filter((each) => each !== undefined).length);
    }
    await writing;
    // Most turns are between two of them, when nobody sees any.
    expect(seen.filter((count) => count === 0).length).toBeGreaterThanOrEqual(10);
    expect(new Set([...seen, emails.length])).toEqual(new Set([0, emails.length]));
    expect(sync).toHaveBeenCalledTimes(1);
  });

  it('that fails makes the transaction fail as unavailable, and the next one is synced again', async () => {
    const failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    sync.mockImplementationOnce((_, done) => (done as Done)(failure));
    await expect(insert()).rejects.toMatchObject({ name: 'AccountError', code: 'storage_unavailable' });
    await expect(insert()).resolves.toBeTypeOf('number');
    expect(sync).toHaveBeenCalledTimes(2);
  });
});
