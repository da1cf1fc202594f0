import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { Handle } from './handle.ts';
import { moveSetting } from './move-state.ts';
import type { Tables } from './tables.ts';

export type TableName = keyof Tables;
export type Row = Record<string, string | number | null>;
/** Values of a row's primary key, in the order of `primaryKeys`. */
export type Key = readonly (string | number)[];

/** The primary key of every table, the tables in an order in which parents come before what refers to them. */
export const primaryKeys = {
  pools: ['id'],
  chains: ['id'],
  newsletter_groups: ['id'],
  websites: ['id'],
  stores: ['id'],
  customers: ['id'],
  customer_words: ['word', 'customer_id'],
  customer_counts: ['website_id', 'block', 'shard'],
  addresses: ['id'],
  sessions: ['id'],
  memberships: ['customer_id', 'group_id'],
  consent_records: ['id'],
  loyalty_links: ['customer_id', 'chain_id'],
  loyalty_queue: ['chain_id', 'customer_id'],
  loyalty_inbox: ['id'],
  loyalty_tombstones: ['chain_id', 'customer_id'],
  loyalty_chain_state: ['chain_id'],
  history: ['id'],
  outbox: ['id'],
  failed_attempts: ['key'],
  api_keys: ['id'],
  settings: ['name'],
} as const satisfies { readonly [Name in TableName]: readonly (keyof Tables[Name])[] };

export const tableNames = Object.keys(primaryKeys) as TableName[];

/** Drivers refuse statements with more parameters: SQLite from 32,766 on, PostgreSQL from 65,535 on. */
const parametersPerStatement = 10_000;

/** The first rows by primary key, or those that follow the row with the key `after`. */
export async function readPage(handle: Handle, table: TableName, after: Key | null, limit: number): Promise<Row[]> {
  let query = dataOf(handle, table).selectAll().limit(limit);
  for (const column of primaryKeys[table]) query = query.orderBy(column);
  if (after !== null) {
    const columns = sql.join(primaryKeys[table].map((column) => sql.ref(column)));
    query = query.where(sql<boolean>`(${columns}) > (${sql.join(after)})`);
  }
  return handle.run(query.compile());
}

/** The primary key of a row, in the order of `primaryKeys`. */
export function keyOf(table: TableName, row: Row): Key {
  return primaryKeys[table].map((column) => row[column]!);
}

/** Number of rows that `readPage` would give in all. */
export async function countRows(handle: Handle, table: TableName): Promise<number> {
  const query = dataOf(handle, table).select(({ fn }) => fn.countAll<number>().as('count'));
  return (await handle.run(query.compile()))[0]!.count;
}

/** Tells whether a table has no rows, without counting them. */
export async function isEmpty(handle: Handle, table: TableName): Promise<boolean> {
  return (await readPage(handle, table, null, 1)).length === 0;
}

/** Gives what inserts rows with all their columns into one table of one database; statements are compiled once. */
export function rowWriter(table: TableName): (handle: Handle, rows: readonly Row[]) => Promise<void> {
  const compiledFor = new Map<number, CompiledQuery>();
  return async (handle, rows) => {
    const columns = Object.keys(rows[0] ?? {});
    const perStatement = Math.floor(parametersPerStatement / Math.max(columns.length, 1));
    for (let start = 0; start < rows.length; start += perStatement) {
      const chunk = rows.slice(start, start + perStatement);
      const compiled = compiledFor.get(chunk.length) ?? untyped(handle).insertInto(table).values(chunk).compile();
      compiledFor.set(chunk.length, compiled);
      const parameters = chunk.flatMap((row) => columns.map((column) => row[column]));
      await handle.run({ ...compiled, parameters });
    }
  };
}

/** Removes all rows. */
export async function clearTable(handle: Handle, table: TableName): Promise<void> {
  let query = untyped(handle).deleteFrom(table);
  if (table === 'settings') query = query.where('name', '<>', moveSetting);
  await handle.run(query.compile());
}

/** How far a move has come is kept among the settings, and is none of the data. */
function dataOf(handle: Handle, table: TableName) {
  const query = untyped(handle).selectFrom(table);
  return table === 'settings' ? query.where('name', '<>', moveSetting) : query;
}

/** Tables that are only known by name. */
function untyped({ db }: Handle): Kysely<Record<string, Row>> {
  return db as unknown as Kysely<Record<string, Row>>;
}
