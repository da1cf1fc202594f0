import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Compilable, CompiledQuery, type Kysely, type SelectQueryBuilder } from 'kysely';
import { AccountError } from '../accounts/errors.ts';
import { type ColumnTypes, postgresColumns, sqliteColumns } from './column-types.ts';
import { type Migrations, readSchemaState, runMigrations, type SchemaState } from './migrator.ts';
import { openPostgres, postgresCompiler, requiringRow } from './postgres.ts';
import { alignSequences, readSequences, schemaTransactionOn } from './postgres-schema.ts';
import { openPostgresWindows, type SharedWindows } from './postgres-windows.ts';
import type { Statement } from './prepared.ts';
import { compiler, openSqlite, type Run } from './sqlite.ts';
import { alignSqliteSequences, readSqliteSequences } from './sqlite-schema.ts';
import type { Tables } from './tables.ts';

/**
 * A way to run queries: the database outside a transaction, or one transaction. `lockRows` adds what the database needs
 * so that selected rows stay as they are until the transaction ends.
 */
export interface Handle {
  /** Builds queries, which run only through `run`. Handles that share it share compiled queries. */
  readonly db: Kysely<Tables>;
  /** Runs a query that was compiled once; see `prepared` in prepared.ts. */
  run<Row>(statement: Statement<Row>): Promise<Row[]>;
  /**
   * Runs a statement that gives no rows and whose failure ends the transaction. Where a query is a journey it is only
   * sent on its way, and the commit fails if it failed.
   */
  write(statement: Statement): Promise<void>;
  /** Runs a query that reads much, without making others wait where that can be. Throws `overloaded` as well. */
  runAside<Row>(statement: Statement<Row>): Promise<Row[]>;
  /** Outside of transactions callers of the same moment had better share a query; undefined within one. */
  readonly sharing: Sharing | undefined;
  lockRows<Query extends { forUpdate(): Query }>(query: Query): Query;
  /**
   * Makes of a query a statement that locks the row it finds and, without one, fails, so that the transaction begins
   * anew. Undefined in a transaction that has begun anew, and where a query is no journey: read what was read before.
   */
  readonly requireRow: ((query: RowToRequire) => Compilable) | undefined;
}

/** A query for a customer who must be there still. */
export type RowToRequire = SelectQueryBuilder<Tables, 'customers', { id: number }>;

/** How callers share a query; see `lookup.ts`. */
export interface Sharing {
  /** So many callers need not wait for others of the same turn of the event loop, while no query is on its way. */
  readonly enough: number;
}

/** A SQLite query runs on the event loop and keeps it from reading more requests: the end of the turn is early enough. */
const embeddedSharing: Sharing = { enough: Number.POSITIVE_INFINITY };
/** PostgreSQL works on these while the rest of the turn's requests are read, and neither waits for the other. */
const serverSharing: Sharing = { enough: 10 };

/** One open database of either kind. What depends on the kind is in this file, sqlite*.ts and postgres.ts. */
export interface Database {
  readonly isEmbedded: boolean;
  /** Reads only, and sees every write that was acknowledged. */
  readonly reader: Handle;
  /** Reads only, and may lag behind; the same as `reader` where there is no replica. */
  readonly replica: Handle;
  /** Runs work in one transaction; resolves after the commit is on disk. */
  transaction<T>(work: (handle: Handle) => Promise<T>): Promise<T>;
  /** Brings the schema up to date, one process at a time; gives the names of the migrations that ran here. */
  migrate(migrationsFor: (types: ColumnTypes) => Migrations): Promise<string[]>;
  /** Which migrations have run; changes nothing. Throws SchemaTooNewError as in migrator.ts. */
  schemaState(migrationsFor: (types: ColumnTypes) => Migrations): Promise<SchemaState>;
  /** By table, the highest id that was ever given: erased rows count, because their ids must not be given again. */
  highestIds(): Promise<Record<string, number>>;
  /**
   * After rows were written with explicit ids: makes the next generated id follow the highest one in each table, and the
   * one in `atLeast` where that is higher.
   */
  alignIdentities(atLeast?: Record<string, number>): Promise<void>;
  /** Undefined where this process is the only one. */
  readonly windows: SharedWindows | undefined;
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
    const reader = { ...sqliteHandle(sqlite.read), runAside: guarded(sqlite.readAside), sharing: embeddedSharing };
    return {
      isEmbedded: true,
      reader,
      replica: reader,
      transaction: (work) => translated(() => sqlite.transaction((run) => scoped(sqliteHandle(run), work))),
      migrate: (migrationsFor) =>
        translated(() =>
          sqlite.withPlainKysely((db) => runMigrations(db, sqlite.schemaTransaction, migrationsFor(sqliteColumns))),
        ),
      schemaState: (migrationsFor) =>
        translated(() => sqlite.withPlainKysely((db) => readSchemaState(db, migrationsFor(sqliteColumns)))),
      highestIds: () => translated(() => sqlite.withPlainKysely(readSqliteSequences)),
      alignIdentities: (atLeast = {}) =>
        translated(() => sqlite.schemaTransaction((db) => alignSqliteSequences(db, atLeast))),
      windows: undefined,
      close: () => sqlite.close(),
    };
  }
  return openServer(options);
}

/** True for a SQLite file that opening would make. */
export function isMissing(url: string): boolean {
  return url.startsWith('sqlite:') && !existsSync(url.slice('sqlite:'.length));
}

/** What a URL names, the same for all its spellings that differ in credentials or in relative paths only. */
export function databaseName(url: string): string {
  if (url.startsWith('sqlite:')) {
    const path = resolve(url.slice('sqlite:'.length));
    return `sqlite:${existsSync(path) ? realpathSync(path) : path}`;
  }
  // No host between `@` and `/` means the local socket to the driver; URL wants one.
  const { hostname, port, pathname, searchParams } = new URL(url.replace('@/', '@localhost/'));
  const host = searchParams.get('host') ?? hostname.toLowerCase();
  return `postgres://${host}:${port || 5432}${pathname}`;
}

function openServer({ url, readUrl, poolSize, statementTimeoutMs }: DatabaseOptions): Database {
  const primary = openPostgres(url, poolSize, statementTimeoutMs);
  const replica = readUrl === undefined ? primary : openPostgres(readUrl, poolSize, statementTimeoutMs);
  const db = primary.kysely;
  const reader = { ...postgresHandle(primary.read), sharing: serverSharing };
  return {
    isEmbedded: false,
    reader,
    replica: replica === primary ? reader : { ...postgresHandle(replica.read), sharing: serverSharing },
    transaction: (work) =>
      translated(() =>
        primary.transaction((run, send, isFirstTry) =>
          scoped(postgresHandle(run, send, isFirstTry ? requiringRow : undefined), work),
        ),
      ),
    migrate: (migrationsFor) =>
      translated(() => runMigrations(db, schemaTransactionOn(url), migrationsFor(postgresColumns))),
    schemaState: (migrationsFor) => translated(() => readSchemaState(db, migrationsFor(postgresColumns))),
    highestIds: () => translated(() => readSequences(db)),
    alignIdentities: (atLeast = {}) => translated(() => alignSequences(db, atLeast)),
    windows: openPostgresWindows((text, values) => reader.run(CompiledQuery.raw(text, [...values]))),
    close: async () => {
      await primary.close();
      if (replica !== primary) await replica.close();
    },
  };
}

type Execute = <Row>(statement: Statement<Row>) => Row[] | Promise<Row[]>;

/** Makes a handle of something that runs queries; what both databases refuse or cannot do looks the same from here. */
function handleOn(
  db: Kysely<Tables>,
  execute: Execute,
  lockRows: Handle['lockRows'],
  send?: (statement: Statement) => void,
  requireRow?: Handle['requireRow'],
): Handle {
  const run = guarded(execute);
  const write = async (statement: Statement): Promise<void> => {
    if (send === undefined) await run(statement);
    else if (hasNul(statement)) throw nulRefused();
    else send(statement);
  };
  return { db, run, runAside: run, write, lockRows, requireRow, sharing: undefined };
}

// PostgreSQL text cannot hold NUL; both databases act alike: nobody is found by it, and nothing writes it.
const hasNul = ({ parameters }: Statement): boolean =>
  parameters.some((value) => typeof value === 'string' && value.includes('\0'));
const nulRefused = (): AccountError =>
  new AccountError('validation_failed', { problems: [{ field: 'text', rule: 'invalid' }] });

function guarded(execute: Execute): Handle['run'] {
  return async <Row>(query: Statement<Row>): Promise<Row[]> => {
    if (hasNul(query)) {
      if (query.query.kind === 'SelectQueryNode') return [];
      throw nulRefused();
    }
    try {
      return await execute(query);
    } catch (error) {
      throw translate(error);
    }
  };
}

// The one writer runs transactions one after another: what it has read stays as it is.
const sqliteHandle = (run: Run): Handle => handleOn(compiler, run, (query) => query);

const postgresHandle = (
  run: <Row>(statement: Statement<Row>) => Promise<Row[]>,
  send?: (statement: Statement) => void,
  requireRow?: Handle['requireRow'],
): Handle => handleOn(postgresCompiler, run, (query) => query.forUpdate(), send, requireRow);

/**
 * Ties a handle to its transaction: at the end of the work, queries it did not wait for are waited for, and later ones
 * are refused. Otherwise they would land in whatever transaction the connection serves next.
 */
async function scoped<T>(handle: Handle, work: (handle: Handle) => Promise<T>): Promise<T> {
  const running = new Set<Promise<unknown>>();
  let isOver = false;
  const run = async <Row>(query: Statement<Row>): Promise<Row[]> => {
    if (isOver) throw new Error('The transaction is over');
    const rows = handle.run(query);
    running.add(rows);
    try {
      return await rows;
    } finally {
      running.delete(rows);
    }
  };
  const write = async (statement: Statement): Promise<void> => {
    if (isOver) throw new Error('The transaction is over');
    const written = handle.write(statement);
    running.add(written);
    try {
      await written;
    } finally {
      running.delete(written);
    }
  };
  try {
    return await work({ ...handle, run, runAside: run, write });
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

const unavailableSqlite = /^SQLITE_(?:FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOTADB|CORRUPT|PROTOCOL)/;
// PostgreSQL: connection exceptions, insufficient resources, operator intervention, a database that admits nobody (55000)
// or not us (28...) or is gone (3D000), a read-only one (25006), and node's own socket errors.
const unavailablePostgres =
  /^(?:08...|53...|57...|28...|55000|3D000|25006|E(?:CONN\w+|PIPE|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN)|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED|ERR_TLS_\w+)$/;
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
