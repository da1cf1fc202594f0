import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, type Handle, openDatabase } from '../../src/storage/database.ts';
import * as failedAttempts from '../../src/storage/failed-attempts.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import * as settings from '../../src/storage/settings.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';

describe('statements prepared on a PostgreSQL connection', () => {
  let fresh: FreshDatabase;
  let database: Database;

  const run = (handle: Handle, sql: string) => handle.run(CompiledQuery.raw(sql)) as Promise<{ name: string }[]>;
  const preparedNames = async () =>
    (await run(database.reader, 'select name from pg_prepared_statements order by name')).map(({ name }) => name);

  beforeAll(async () => {
    fresh = await freshDatabaseUrl('postgres');
  });

  // One connection, so that the next query meets what the last one left behind.
  beforeEach(async () => {
    await database?.close();
    database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
  });

  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  it('are those that run often, once each', async () => {
    for (let times = 0; times < 3; times += 1) await settings.readAll(database.reader);
    await settings.write(database.reader, 'seldom', 'x');
    expect(await preparedNames()).toEqual([expect.stringMatching(/^foyer_0_[0-9a-f]{20}$/)]);
  });

  it('are given up when a pooler gave the connection to somebody else, and nobody notices', async () => {
    await settings.readAll(database.reader);
    await run(database.reader, 'deallocate all');
    expect((await settings.readAll(database.reader)).get('revision')).toBeDefined();
    expect(await preparedNames()).toEqual([]);
  });

  it('are given up when a pooler handed over a connection on which somebody prepared the same', async () => {
    await settings.readAll(database.reader);
    const [name] = await preparedNames();
    await database.close();
    database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await run(database.reader, `prepare ${name} as select 1`);
    await database.transaction(async (handle) => {
      await settings.write(handle, 'pooled', 'x');
      expect((await settings.readAll(handle)).get('pooled')).toBe('x');
    });
    expect(await preparedNames()).toEqual([name]);
  });

  it('run the whole transaction again when they are lost in the middle of it', async () => {
    let runs = 0;
    const add = () =>
      database.transaction(async (handle) => {
        runs += 1;
        await settings.next(handle, 'revision');
        if (runs === 2) await run(handle, 'deallocate all');
        return settings.readAll(handle);
      });
    const before = Number((await add()).get('revision'));
    const after = Number((await add()).get('revision'));
    expect([runs, after - before]).toEqual([3, 1]);
  });

  it('are prepared anew when a migration has changed what they give', async () => {
    await failedAttempts.find(database.reader, 'nobody');
    await run(database.reader, 'alter table failed_attempts add column of_a_later_release integer');
    expect(await failedAttempts.find(database.reader, 'nobody')).toBeUndefined();
    expect(await preparedNames()).toContainEqual(expect.stringMatching(/^foyer_1_/));
  });
});
