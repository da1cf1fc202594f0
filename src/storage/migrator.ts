import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import type { Tables } from './tables.ts';

export type Migrations = Record<string, Migration>;

/** Runs work in one transaction of the schema's own: no other migration runs meanwhile, in this process or another. */
export type SchemaTransaction = <T>(work: (db: Kysely<Tables>) => Promise<T>) => Promise<T>;

/** How the schema of a database relates to the migrations of this release; names in order. */
export interface SchemaState {
  /** Known here and not run there. */
  pending: string[];
  /** Run there and not known here: by a later release, and only such as this one can live with. */
  unknown: string[];
}

/** The database went through a migration of a later release that takes away what this one needs. */
export class SchemaTooNewError extends Error {
  readonly migrations: readonly string[];

  constructor(migrations: readonly string[]) {
    super(`The database was migrated by a later release, past what this one can use: ${migrations.join(', ')}`);
    this.name = 'SchemaTooNewError';
    this.migrations = migrations;
  }
}

/** Ends an open transaction: commits what the work did, or rolls it back when it failed. */
export async function commitOrRollBack<T>(db: Kysely<Tables>, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await sql`commit`.execute(db);
    return result;
  } catch (error) {
    await sql`rollback`.execute(db).catch(() => undefined);
    throw error;
  }
}

const migrationTableName = 'migrations';

/** Migrations only add, unless their name says `contract`; see docs/migrations.md. */
const contracting = /^\d{4}-contract-/;

/** Reads what has run, changing nothing. Throws SchemaTooNewError when this release cannot work on the database. */
export async function readSchemaState(db: Kysely<Tables>, migrations: Migrations): Promise<SchemaState> {
  const executed = await listExecuted(db);
  const unknown = executed.filter((name) => migrations[name] === undefined);
  const tooNew = unknown.filter((name) => contracting.test(name));
  if (tooNew.length > 0) throw new SchemaTooNewError(tooNew);
  const pending = Object.keys(migrations).filter((name) => !executed.includes(name));
  return { pending: pending.sort(), unknown };
}

/**
 * Runs what is pending, each migration in a transaction of its own, so that one that fails or is killed leaves nothing
 * behind. Gives the names of those that ran here: of several callers at once, each migration is run by one.
 */
export async function runMigrations(
  db: Kysely<Tables>,
  inTransaction: SchemaTransaction,
  migrations: Migrations,
): Promise<string[]> {
  const ran: string[] = [];
  // Looking first spares a start with nothing to do the wait for the lock.
  while ((await readSchemaState(db, migrations)).pending.length > 0) {
    const name = await inTransaction((locked) => runNext(locked, migrations));
    if (name !== undefined) ran.push(name);
  }
  return ran;
}

async function runNext(db: Kysely<Tables>, migrations: Migrations): Promise<string | undefined> {
  const { unknown } = await readSchemaState(db, migrations);
  if (!(await hasMigrationTable(db))) await createMigrationTable(db);
  // The library takes a migration that it does not know for damage. Here it is a later release's, and has run already.
  const strangers = unknown.map((name) => [name, { up: async () => undefined }] as const);
  const provider = { getMigrations: async () => ({ ...migrations, ...Object.fromEntries(strangers) }) };
  const migrator = new Migrator({ db, provider, migrationTableName, migrationLockTableName: 'migrations_lock' });
  const { error, results = [] } = await migrator.migrateUp();
  if (error !== undefined) throw error;
  return results[0]?.migrationName;
}

/** As the library would: it looks again after a failure, which a failed transaction refuses, and the reason is lost. */
async function createMigrationTable(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable(migrationTableName)
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute();
}

async function hasMigrationTable(db: Kysely<Tables>): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  return tables.some(({ name }) => name === migrationTableName);
}

async function listExecuted(db: Kysely<Tables>): Promise<string[]> {
  if (!(await hasMigrationTable(db))) return [];
  const rows = await db
    .withTables<{ migrations: { name: string } }>()
    .selectFrom(migrationTableName)
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}
