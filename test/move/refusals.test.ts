import { relative } from 'node:path';
import { CompiledQuery, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/storage/database.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import type { MoveOptions } from '../../src/storage/move.ts';
import * as settings from '../../src/storage/settings.ts';
import { rowWriter } from '../../src/storage/table-rows.ts';
import { type DatabaseKind, databaseKinds } from '../dialects.ts';
import { migrationNames } from '../migration-names.ts';
import { nextMigrationsFor } from '../next-release.ts';
import { contentsOf, databasesOfTests, move } from './moves.ts';

const databases = databasesOfTests();
const otherKind = (kind: DatabaseKind): DatabaseKind => (kind === 'sqlite' ? 'postgres' : 'sqlite');

/** Runs one statement that the two databases spell alike. */
const change = (database: Database, statement: string): Promise<unknown> =>
  database.transaction((handle) => handle.run(sql.raw(statement).compile(handle.db)));

describe.each(databaseKinds)('a move from %s', (kind) => {
  const pair = async (): Promise<[string, string]> => [
    await databases.full(kind),
    await databases.empty(otherKind(kind)),
  ];

  it('is refused while the source is open, unless no server runs on it', async () => {
    const [from, to] = await pair();
    await databases.open(from).transaction((handle) => settings.write(handle, 'maintenance_since', null));
    await expect(move(from, to)).rejects.toMatchObject({ name: 'MoveRefused', code: 'source_open' });
    expect((await move(from, to, { isOffline: true })).isMaintenance).toBe(false);
  });

  it('is refused into a target with any row, which stays as it is', async () => {
    const [from, to] = await pair();
    const target = databases.open(to);
    await target.migrate(migrationsFor);
    await change(target, `insert into failed_attempts (key, failures, first_failed_at) values ('x', 1, 'y')`);
    const before = await contentsOf(target);
    await expect(move(from, to)).rejects.toMatchObject({ code: 'target_not_empty', facts: ['failed_attempts'] });
    // Only what a move has begun may be thrown away.
    await expect(move(from, to, { isRestart: true })).rejects.toMatchObject({ code: 'target_not_empty' });
    expect(await contentsOf(target)).toEqual(before);
  });

  it('is refused from a source that lacks migrations or has later ones', async () => {
    const [from, to] = await pair();
    const bare = await databases.empty(kind);
    await databases.open(bare).migrate(() => ({}));
    const lacking = { code: 'source_not_migrated', facts: migrationNames };
    // A SQLite file is there once something has opened it.
    await databases.open(bare).schemaState(migrationsFor);
    await expect(move(bare, to)).rejects.toMatchObject(lacking);
    await databases.open(from).migrate(nextMigrationsFor);
    const later = { code: 'source_newer', facts: ['9001-nickname', '9002-wishes'] };
    await expect(move(from, to)).rejects.toMatchObject(later);
    await expect(move(await databases.full(kind), from)).rejects.toMatchObject({ ...later, code: 'target_newer' });
  });

  it('is refused when both are the same database', async () => {
    const url = await databases.full(kind);
    const spelledOtherwise =
      kind === 'sqlite'
        ? `sqlite:${relative(process.cwd(), url.slice('sqlite:'.length))}`
        : url.replace(/\/\/[^@]*@/, '//someone:else@');
    expect(spelledOtherwise).not.toBe(url);
    await expect(move(url, spelledOtherwise)).rejects.toMatchObject({ code: 'same_database' });
  });

  it.each([
    ['copied', 'copy', 'not_equal'],
    ['compared', 'verify', 'source_changed'],
  ])('fails when a customer comes to the source after customers were %s', async (_, moment, code) => {
    const [from, to] = await pair();
    const source = databases.open(from);
    let isThere = false;
    const onProgress: MoveOptions['onProgress'] = async ({ step, table }) => {
      if (isThere || step !== moment || table !== 'api_keys') return;
      isThere = true;
      await addCustomerTo(source);
    };
    await expect(move(from, to, { onProgress })).rejects.toMatchObject({ code });
    expect(isThere).toBe(true);
    await expect(move(from, to)).rejects.toMatchObject({ code: 'source_changed' });
    await move(from, to, { isRestart: true });
    expect(await contentsOf(databases.open(to))).toEqual(await contentsOf(source));
  });

  it('fails when one letter differs in the target, and names the table', async () => {
    const [from, to] = await pair();
    const target = databases.open(to);
    const onProgress: MoveOptions['onProgress'] = async ({ step, table, rows }) => {
      if (step !== 'copy' || table !== 'settings' || rows !== 0) return;
      await change(target, `update customers set family_name = 'é is not é' where id = 2`);
    };
    const facts = ['customers', expect.stringMatching(/^3 rows/), expect.stringMatching(/^3 rows/)];
    await expect(move(from, to, { onProgress })).rejects.toMatchObject({ code: 'not_equal', facts });
  });

  it('into a database that is moved into already ends one of the two', async () => {
    const [from, to] = await pair();
    const ends = await Promise.allSettled([move(from, to), move(from, to)]);
    const refused = ends.filter((end) => end.status === 'rejected');
    expect(refused.length).toBeLessThanOrEqual(1);
    expect(await contentsOf(databases.open(to))).toEqual(await contentsOf(databases.open(from)));
  });
});

it('a move of a value that the target cannot hold names its table and rows', async () => {
  const [from, to] = [await databases.full('sqlite'), await databases.empty('postgres')];
  await change(databases.open(from), 'update customers set level = 3000000000 where id = 2');
  const facts = ['customers', expect.any(String), expect.any(String), expect.stringContaining('3000000000')];
  await expect(move(from, to)).rejects.toMatchObject({ code: 'not_taken', facts });
});

it('a move from a SQLite file that is not there makes none', async () => {
  const to = await databases.empty('postgres');
  await expect(move('sqlite:/nonexistent/foyer.db', to)).rejects.toMatchObject({ code: 'source_missing' });
  const tables = await databases
    .open(to)
    .reader.run(CompiledQuery.raw(`select 1 from pg_tables where schemaname = 'public'`));
  expect(tables).toEqual([]);
});

/** What a sign-up leaves behind, as far as a move can see. */
async function addCustomerTo(source: Database): Promise<void> {
  const { customers, outbox } = await contentsOf(source);
  const customer = { ...customers!.find(({ id }) => id === 1)!, id: 555, normalized_email: 'new@example.org' };
  await source.transaction(async (handle) => {
    await rowWriter('customers')(handle, [customer]);
    await rowWriter('outbox')(handle, [{ ...outbox![0]!, id: 555, customer_id: 555 }]);
  });
  await source.alignIdentities();
}
