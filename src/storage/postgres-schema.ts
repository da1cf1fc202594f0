import { Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely';
import { commitOrRollBack, type SchemaTransaction } from './migrator.ts';
import type { Tables } from './tables.ts';

/** Number of the advisory lock that whoever changes the schema holds. */
const schemaLock = 7_301_964;

/**
 * Schema changes have a connection of their own: building an index takes longer than a statement of the server may. The
 * lock belongs to the transaction, because a pooler in transaction mode gives the next one another session.
 */
export function schemaTransactionOn(url: string): SchemaTransaction {
  return async (work) => {
    // Loaded by need, as in postgres.ts.
    const pool = async () => (await import('./postgres-driver.ts')).openPool(url, 1, undefined);
    const db = new Kysely<Tables>({ dialect: new SchemaDialect({ pool }) });
    try {
      return await withTableLocks(() => db.connection().execute((connection) => inTransaction(connection, work)));
    } finally {
      await db.destroy();
    }
  };
}

async function inTransaction<T>(db: Kysely<Tables>, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  // Whoever waited for the lock must see what the one before it did, whatever level the server starts with.
  await sql`begin isolation level read committed`.execute(db);
  return commitOrRollBack(db, async () => {
    await sql`select pg_advisory_xact_lock(${sql.lit(schemaLock)})`.execute(db);
    // A change that waits for a table makes all later queries on it wait as well: it gives up before they do.
    await sql`set local lock_timeout = '2s'`.execute(db);
    return work(db);
  });
}

/** Lock timeout, and a deadlock with requests. */
const tableWasBusy = /^(?:55P03|40P01)$/;

/** Gives a schema change that could not have a table in time another four chances, with room for others in between. */
async function withTableLocks<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      if (attempt >= 5 || !tableWasBusy.test(String((error as { code?: unknown }).code))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** The library would lock for the session and start transactions of its own; here both are there already. */
class SchemaDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new SchemaAdapter();
  }
}

class SchemaAdapter extends PostgresAdapter {
  override get supportsTransactionalDdl(): boolean {
    return false;
  }
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

const tablesWithIdentity = [
  'customers',
  'addresses',
  'sessions',
  'consent_records',
  'history',
  'outbox',
  'loyalty_inbox',
  'api_keys',
];

/** By table, the highest id that its sequence has given. */
export async function readSequences(db: Kysely<Tables>): Promise<Record<string, number>> {
  const highest: Record<string, number> = {};
  for (const table of tablesWithIdentity) {
    const sequence = await sql<{ name: string }>`select pg_get_serial_sequence(${table}, 'id') as name`.execute(db);
    // The name comes quoted where it must be.
    const name = sql.raw(sequence.rows[0]!.name);
    const { rows } = await sql<{ id: number }>`
      select last_value - case when is_called then 0 else 1 end as id from ${name}`.execute(db);
    highest[table] = rows[0]!.id;
  }
  return highest;
}

/** Makes each sequence go on after the highest id in its table and in `atLeast`. */
export async function alignSequences(db: Kysely<Tables>, atLeast: Record<string, number>): Promise<void> {
  for (const table of tablesWithIdentity) {
    const highest = sql`greatest((select max(id) from ${sql.table(table)}), ${sql.lit(atLeast[table] ?? 0)})`;
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), ${highest} + 1, false)`.execute(db);
  }
}
