import { type Kysely, sql } from 'kysely';
import { commitOrRollBack } from './migrator.ts';
import { beginWhenFree } from './sqlite-lock.ts';
import type { Tables } from './tables.ts';

/** How long a schema change waits for other writers; another node may be migrating. */
const schemaWaitMs = 10 * 60_000;

/** Runs work in one transaction of a connection that has nothing else to do. */
export async function inSchemaTransaction<T>(db: Kysely<Tables>, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  await sql`pragma busy_timeout = 0`.execute(db);
  await beginWhenFree(() => sql`begin immediate`.execute(db), schemaWaitMs);
  return commitOrRollBack(db, () => work(db));
}

type SequenceTables = { sqlite_sequence: { name: string; seq: number } };

/** By table, the highest id that AUTOINCREMENT knows of. */
export async function readSqliteSequences(db: Kysely<Tables>): Promise<Record<string, number>> {
  const rows = await db.withTables<SequenceTables>().selectFrom('sqlite_sequence').select(['name', 'seq']).execute();
  return Object.fromEntries(rows.map(({ name, seq }) => [name, seq]));
}

/** Raises what AUTOINCREMENT remembers to `atLeast`; ids that are there it has seen by itself. */
export async function alignSqliteSequences(db: Kysely<Tables>, atLeast: Record<string, number>): Promise<void> {
  const known = await readSqliteSequences(db);
  for (const [name, seq] of Object.entries(atLeast)) {
    if ((known[name] ?? 0) >= seq) continue;
    const tables = db.withTables<SequenceTables>();
    // The table has no unique index, so that there is nothing to conflict with.
    await tables.deleteFrom('sqlite_sequence').where('name', '=', name).execute();
    await tables.insertInto('sqlite_sequence').values({ name, seq }).execute();
  }
}
