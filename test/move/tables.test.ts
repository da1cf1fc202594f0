import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import { primaryKeys, tableNames } from '../../src/storage/table-rows.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { oddRows } from './full-database.ts';

/** What a catalogue says; `parent` is the table that a foreign key of `table` refers to. */
const catalogue = {
  sqlite: {
    tables: `select name as "table" from sqlite_master where type = 'table' and name not like 'sqlite_%'`,
    keys: `select m.name as "table", c.name as "column" from sqlite_master m, pragma_table_info(m.name) c
      where m.type = 'table' and c.pk > 0 order by m.name, c.pk`,
    parents: `select m.name as "table", f."table" as parent from sqlite_master m, pragma_foreign_key_list(m.name) f`,
  },
  postgres: {
    tables: `select tablename as "table" from pg_tables where schemaname = 'public'`,
    keys: `select k.table_name as "table", k.column_name as "column" from information_schema.key_column_usage k
      join information_schema.table_constraints t using (constraint_name, table_name)
      where t.constraint_type = 'PRIMARY KEY' and t.table_schema = 'public' order by k.table_name, k.ordinal_position`,
    parents: `select conrelid::regclass::text as "table", confrelid::regclass::text as parent
      from pg_constraint where contype = 'f'`,
  },
};
/** What the library keeps of migrations, and windows of a few minutes: the target has its own. */
const bookkeeping = ['migrations', 'migrations_lock', 'rate_windows'];

describe.each(databaseKinds)('the list of tables (%s)', (kind) => {
  let fresh: FreshDatabase;
  let database: Database;

  beforeAll(async () => {
    fresh = await freshDatabaseUrl(kind);
    database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
  });

  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  const ask = (query: keyof (typeof catalogue)['sqlite']) =>
    database.reader.run<Record<'table' | 'column' | 'parent', string>>(CompiledQuery.raw(catalogue[kind][query]));

  it('is that of the real schema: a new table must be moved as well', async () => {
    const real = (await ask('tables')).map(({ table }) => table);
    expect([...tableNames, ...bookkeeping].sort()).toEqual(real.sort());
  });

  it('names the real primary keys', async () => {
    const real: Record<string, string[]> = {};
    for (const { table, column } of await ask('keys')) real[table] = [...(real[table] ?? []), column];
    for (const name of bookkeeping) delete real[name];
    expect(primaryKeys).toEqual(real);
  });

  it('puts every table behind those it refers to', async () => {
    const references = await ask('parents');
    expect(references.length).toBeGreaterThan(5);
    const order = tableNames as readonly string[];
    const wrong = references.filter(({ table, parent }) => order.indexOf(parent) >= order.indexOf(table));
    expect(wrong).toEqual([]);
  });

  it('is tested with rows in each of them', () => {
    expect(Object.entries(oddRows).filter(([, rows]) => rows.length === 0)).toEqual([]);
  });
});
