import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import type { Handle } from '../../src/storage/handle.ts';
import { openStore } from '../../src/storage/index.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import * as settings from '../../src/storage/settings.ts';
import { type FreshDatabase, freshDatabaseUrl, runStatement } from '../dialects.ts';

const unavailable = { name: 'AccountError', code: 'storage_unavailable', details: { retryAfterSeconds: 2 } };

describe('a PostgreSQL that cuts connections', () => {
  let fresh: FreshDatabase;
  let database: Database;
  let operator: Database;

  const open = ({ url = fresh.url, statementTimeoutMs = 10_000 } = {}) =>
    openDatabase({ url, poolSize: 2, statementTimeoutMs });

  beforeAll(async () => {
    fresh = await freshDatabaseUrl('postgres');
    database = open();
    operator = open();
    await database.migrate(migrationsFor);
  });

  afterAll(async () => {
    await database.close();
    await operator.close();
    await fresh.drop();
  });

  /** Ends the connection a handle uses and waits until the server is done with it. */
  async function cut(handle: Handle): Promise<void> {
    const [row] = (await handle.run(CompiledQuery.raw('select pg_backend_pid() as pid'))) as { pid: number }[];
    await operator.reader.run(CompiledQuery.raw('select pg_terminate_backend($1, 5000)', [row!.pid]));
  }

  it('makes a transaction fail as unavailable, writing nothing, and the next one works', async () => {
    const failing = database.transaction(async (handle) => {
      await settings.write(handle, 'cut', 'before');
      await cut(handle);
      await new Promise((resolve) => setTimeout(resolve, 50)); // the bad news arrives while no query runs
      await settings.write(handle, 'cut', 'after');
    });
    await expect(failing).rejects.toMatchObject(unavailable);
    expect((await settings.readAll(database.reader)).has('cut')).toBe(false);
    await database.transaction((handle) => settings.write(handle, 'cut', 'again'));
    expect((await settings.readAll(database.reader)).get('cut')).toBe('again');
  });

  it('does not pass a transaction for committed that it cut just before the commit', async () => {
    const failing = database.transaction(async (handle) => {
      await settings.write(handle, 'cut at the end', 'x');
      await cut(handle);
    });
    await expect(failing).rejects.toMatchObject(unavailable);
    expect((await settings.readAll(database.reader)).has('cut at the end')).toBe(false);
  });

  it('keeps the error of the work when the connection is lost as well', async () => {
    const failing = database.transaction(async (handle) => {
      await cut(handle);
      throw new Error('the reason');
    });
    await expect(failing).rejects.toSatisfy(
      (error: Error & { code?: string }) => error.message === 'the reason' || error.code === 'storage_unavailable',
    );
  });

  it('is not noticed when idle connections are cut', async () => {
    await cut(database.reader);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(settings.readAll(database.reader)).resolves.toBeInstanceOf(Map);
  });

  it('is reported as unavailable when a statement takes too long', async () => {
    const impatient = open({ statementTimeoutMs: 50 });
    await expect(impatient.reader.run(CompiledQuery.raw('select pg_sleep(5)'))).rejects.toMatchObject(unavailable);
    await impatient.close();
  });

  it('is reported as unavailable when nobody listens', async () => {
    const nobody = open({ url: 'postgres://foyer:x@127.0.0.1:1/foyer' });
    await expect(settings.readAll(nobody.reader)).rejects.toMatchObject(unavailable);
    await expect(nobody.transaction((handle) => settings.readAll(handle))).rejects.toMatchObject(unavailable);
    await nobody.close();
  });

  it('is reported as unavailable once the store is closed', async () => {
    const closed = open();
    await settings.readAll(closed.reader);
    await closed.close();
    await expect(settings.readAll(closed.reader)).rejects.toMatchObject(unavailable);
    await expect(closed.transaction((handle) => settings.readAll(handle))).rejects.toMatchObject(unavailable);
  });

  it('repeats a transaction that the server chose to end a deadlock', async () => {
    await database.transaction(async (handle) => {
      for (const name of ['one', 'two']) await settings.write(handle, name, '0');
    });
    const order = [
      ['one', 'two'],
      ['two', 'one'],
    ];
    const count = (names: string[]) =>
      database.transaction(async (handle) => {
        for (const name of names) {
          await settings.next(handle, name);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      });
    await Promise.all(order.map(count));
    const all = await settings.readAll(database.reader);
    expect([all.get('one'), all.get('two')]).toEqual(['2', '2']);
  });

  it('repeats a transaction three times at most, however often the server asks for it', async () => {
    let tries = 0;
    const refused = database.transaction(async (handle) => {
      tries += 1;
      await handle.run(CompiledQuery.raw(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`));
    });
    await expect(refused).rejects.toThrow();
    expect(tries).toBe(3);
  });

  it('counts no windows on a database that may only be read', async () => {
    const name = new URL(fresh.url).pathname.slice(1);
    const before = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await before.windows?.check();
    await before.close();
    await runStatement(fresh.url, `alter database ${name} set default_transaction_read_only = on`);
    const after = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await expect(after.windows?.check()).rejects.toThrow();
    await after.close();
  });
});
