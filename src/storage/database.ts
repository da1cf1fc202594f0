import {
  type CompiledQuery,
  Kysely,
  type Migration,
  type MigrationProvider,
  Migrator,
  PostgresDialect,
  sql,
} from 'kysely';
import type pg from 'pg';
import { AccountError } from '../accounts/errors.ts';
import { type ColumnTypes, postgresColumns, sqliteColumns } from './column-types.ts';
import { compiler, openSqlite, type Run } from './sqlite.ts';
import type { Tables } from './tables.ts';

/**
 * A way to run queries: the database outside a transaction, or one transaction. `lockRows` adds what the database needs
 * so that selected rows stay as they are until the transaction ends.
 */
export interface Handle {
  /** Builds queries; they run only through `run`. */
  readonly db: Kysely<Tables>;
  /** Same for all handles for which a compiled query is the same. */
  readonly compilerKey: object;
  /** Runs a query that was compiled once; see `prepared` in prepared.ts. */
  run<Row>(query: CompiledQuery<Row>): Promise<Row[]>;
  lockRows<Query extends { forUpdate(): Query }>(query: Query): Query;
}

/** One open database of either kind. Everything that depends on the kind is in this file and in sqlite.ts. */
export interface Database {
  readonly isEmbedded: boolean;
  /** Reads only, and sees every write that was acknowledged. */
  readonly reader: Handle;
  /** Reads only, and may lag behind; the same as `reader` where there is no replica. */
  readonly replica: Handle;
  /** Runs work in one transaction; resolves after the commit is on disk. */
  transaction<T>(work: (handle: Handle) => Promise<T>): Promise<T>;
  /** Brings the schema up to date; gives the names of the migrations it ran. */
  migrate(migrationsFor: (types: ColumnTypes) => Record<string, Migration>): Promise<string[]>;
  /** Names of migrations that have not run here yet. */
  pendingMigrations(migrationsFor: (types: ColumnTypes) => Record<string, Migration>): Promise<string[]>;
  /** After rows were written with explicit ids: makes the next generated id follow the highest one. */
  alignIdentities(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `sqlite:<path>` or `postgres://…`. */
  url: string;
  /** A PostgreSQL replica for reads that may lag behind. */
  readUrl?: string;
  poolSize: number;
  statementTimeoutMs: number;
}

/** Raised by a write that breaks a unique index; `constraint` names the index or its columns. */
export class UniqueViolation extends Error {
  readonly constraint: string;

  constructor(constraint: string, cause: unknown) {
    super(`Unique violation: ${constraint}`, { cause });
    this.name = 'UniqueViolation';
    this.constraint = constraint;
  }
}

/** Opens the database that a URL names. Throws a plain error for an unusable URL, `storage_unavailable` later on. */
export function openDatabase(options: DatabaseOptions): Database {
  if (options.url.startsWith('sqlite:')) {
    const sqlite = openSqlite(options.url.slice('sqlite:'.length));
    const reader = sqliteHandle(sqlite.read);
    return {
      isEmbedded: true,
      reader,
      replica: reader,
      transaction: (work) => translated(() => sqlite.transaction((run) => scoped(sqliteHandle(run), work))),
      migrate: (migrationsFor) => sqlite.withPlainKysely((db) => runMigrations(db, migrationsFor(sqliteColumns))),
      pendingMigrations: (migrationsFor) =>
        sqlite.withPlainKysely((db) => listPending(db, migrationsFor(sqliteColumns))),
      // AUTOINCREMENT already looks at the highest id.
      alignIdentities: async () => undefined,
      close: () => sqlite.close(),
    };
  }
  return openPostgres(options);
}

function openPostgres({ url, readUrl, poolSize, statementTimeoutMs }: DatabaseOptions): Database {
  const connect = (connectionString: string): Kysely<Tables> =>
    new Kysely<Tables>({
      dialect: new PostgresDialect({ pool: () => openPool(connectionString, poolSize, statementTimeoutMs) }),
    });
  const db = connect(url);
  const replica = readUrl === undefined ? db : connect(readUrl);
  return {
    isEmbedded: false,
    reader: postgresHandle(db),
    replica: postgresHandle(replica),
    transaction: (work) =>
      translated(() =>
        retried(() => db.transaction().execute((transaction) => scoped(postgresHandle(transaction), work))),
      ),
    migrate: (migrationsFor) => translated(() => runMigrations(db, migrationsFor(postgresColumns))),
    pendingMigrations: (migrationsFor) => translated(() => listPending(db, migrationsFor(postgresColumns))),
    alignIdentities: () => translated(() => alignSequences(db)),
    close: async () => {
      await db.destroy();
      if (replica !== db) await replica.destroy();
    },
  };
}

/** Loaded by need: an embedded database starts a tenth of a second sooner without this driver. */
async function openPool(connectionString: string, max: number, statementTimeoutMs: number): Promise<pg.Pool> {
  const { default: driver } = await import('pg');
  // Identity columns are bigint; our ids stay far below 2^53, so plain numbers are exact.
  const getTypeParser = (oid: number, format: 'text' | 'binary') =>
    oid === 20 ? Number : driver.types.getTypeParser(oid, format as 'text');
  const pool = new driver.Pool({
    connectionString,
    max,
    connectionTimeoutMillis: 3_000,
    // On this side of the wire: as a start-up parameter or a SET it would be session state, which a pooler in
    // transaction mode refuses or mixes up.
    query_timeout: statementTimeoutMs,
    types: { getTypeParser } as pg.CustomTypesConfig,
    application_name: 'foyer',
  });
  // A server that goes away breaks idle connections; the pool replaces them, and the next query reports its own error.
  pool.on('error', () => undefined);
  // The pool listens to idle connections only. One that breaks in use, between two statements, must not end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

const tablesWithIdentity = ['customers', 'addresses', 'sessions', 'consent_records', 'history', 'outbox', 'api_keys'];

async function alignSequences(db: Kysely<Tables>): Promise<void> {
  for (const table of tablesWithIdentity) {
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), coalesce((select max(id) from ${sql.table(table)}), 0) + 1, false)`.execute(
      db,
    );
  }
}

/** Makes a handle of something that runs queries; what both databases refuse or cannot do looks the same from here. */
function guarded(
  db: Kysely<Tables>,
  compilerKey: object,
  execute: <Row>(query: CompiledQuery<Row>) => Row[] | Promise<Row[]>,
  lockRows: Handle['lockRows'],
): Handle {
  const run = async <Row>(query: CompiledQuery<Row>): Promise<Row[]> => {
    // PostgreSQL text cannot hold NUL; both databases act alike: nobody is found by it, and nothing writes it.
    if (query.parameters.some((value) => typeof value === 'string' && value.includes('\0'))) {
      if (query.query.kind === 'SelectQueryNode') return [];
      throw new AccountError('validation_failed', { problems: [{ field: 'text', rule: 'invalid' }] });
    }
    try {
      return await execute(query);
    } catch (error) {
      throw translate(error);
    }
  };
  return { db, compilerKey, run, lockRows };
}

// The one writer runs transactions one after another: what it has read stays as it is.
const sqliteHandle = (run: Run): Handle => guarded(compiler, compiler, run, (query) => query);

const postgresKey = {};

function postgresHandle(db: Kysely<Tables>): Handle {
  const execute = async <Row>(query: CompiledQuery<Row>): Promise<Row[]> => (await db.executeQuery<Row>(query)).rows;
  return guarded(db, postgresKey, execute, (query) => query.forUpdate());
}

/**
 * Ties a handle to its transaction: at the end of the work, queries it did not wait for are waited for, and later ones
 * are refused. Otherwise they would land in whatever transaction the connection serves next.
 */
async function scoped<T>(handle: Handle, work: (handle: Handle) => Promise<T>): Promise<T> {
  const running = new Set<Promise<unknown>>();
  let isOver = false;
  const run = async <Row>(query: CompiledQuery<Row>): Promise<Row[]> => {
    if (isOver) throw new Error('The transaction is over');
    const rows = handle.run(query);
    running.add(rows);
    try {
      return await rows;
    } finally {
      running.delete(rows);
    }
  };
  try {
    return await work({ ...handle, run });
  } finally {
    isOver = true;
    await Promise.allSettled(running);
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

/** Serialisation failures and deadlocks are the database asking for another try; three tries are given. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (attempt >= 3 || (code !== '40001' && code !== '40P01')) throw error;
    }
  }
}

const unavailableSqlite = /^SQLITE_(?:FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOTADB|CORRUPT|PROTOCOL)/;
// PostgreSQL: connection exceptions, insufficient resources, operator intervention, and node's own socket errors.
const unavailablePostgres =
  /^(?:08...|53...|57...|25006|E(?:CONN\w+|PIPE|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN))$/;
// Errors of the drivers themselves, which have no code; the last three follow a closed store.
const unavailableMessage =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client was closed|is not queryable|driver has already been destroyed|pool after calling end|database connection is not open/;

function translate(error: unknown): unknown {
  if (error instanceof AccountError || !(error instanceof Error)) return error;
  const { code, constraint } = error as Error & { code?: string; constraint?: string };
  if (code === '23505') return new UniqueViolation(constraint ?? error.message, error);
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return new UniqueViolation(error.message, error);
  }
  const isUnavailable =
    code === undefined
      ? unavailableMessage.test(error.message)
      : unavailableSqlite.test(code) || unavailablePostgres.test(code);
  // Text that this database cannot hold, such as a NUL on PostgreSQL: the caller's fault, not ours.
  if (code === '22021' || code === '22P05') {
    return new AccountError('validation_failed', { problems: [{ field: 'text', rule: 'invalid' }] }, error);
  }
  return isUnavailable ? new AccountError('storage_unavailable', { retryAfterSeconds: 2 }, error) : error;
}

function migratorFor(db: Kysely<Tables>, migrations: Record<string, Migration>): Migrator {
  const provider: MigrationProvider = { getMigrations: async () => migrations };
  return new Migrator({ db, provider, migrationTableName: 'migrations', migrationLockTableName: 'migrations_lock' });
}

async function runMigrations(db: Kysely<Tables>, migrations: Record<string, Migration>): Promise<string[]> {
  const { error, results = [] } = await migratorFor(db, migrations).migrateToLatest();
  if (error !== undefined) throw error;
  return results.map((result) => result.migrationName);
}

async function listPending(db: Kysely<Tables>, migrations: Record<string, Migration>): Promise<string[]> {
  const all = await migratorFor(db, migrations).getMigrations();
  return all.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
}
