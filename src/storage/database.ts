import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { CompiledQuery } from 'kysely';
import { type ColumnTypes, postgresColumns, sqliteColumns } from './column-types.ts';
import { translated } from './failures.ts';
import { distantHandleOn, guarded, type Handle, handleOn, type Sharing, scoped } from './handle.ts';
import { type Migrations, readSchemaState, runMigrations, type SchemaState } from './migrator.ts';
import { isMissingFile } from './missing-file.ts';
import { openPostgres, type Postgres, postgresCompiler, requiring } from './postgres.ts';
import { alignSequences, readSequences, schemaTransactionOn } from './postgres-schema.ts';
import { openPostgresWindows, type SharedWindows } from './postgres-windows.ts';
import { compiler, openSqlite, type Run } from './sqlite.ts';
import { alignSqliteSequences, readSqliteSequences } from './sqlite-schema.ts';

/** A SQLite query runs on the event loop and keeps it from reading more requests: the end of the turn is early enough. */
const embeddedSharing: Sharing = { enough: Number.POSITIVE_INFINITY };
/** PostgreSQL works on these while the rest of the turn's requests are read, and neither waits for the other. */
const serverSharing: Sharing = { enough: 10 };

/**
 * One open database of either kind. What depends on the kind is in this file, sqlite*.ts, postgres*.ts, column-types.ts and
 * failures.ts.
 */
export interface Database {
  readonly isEmbedded: boolean;
  /** Reads only, and sees every write that was acknowledged. */
  readonly reader: Handle;
  /** Reads like `reader`, and waits for none of its queries nor for a transaction. */
  readonly watcher: Handle;
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
  /** PostgreSQL: `watcher` has a connection of its own, which only a server needs. */
  hasWatcher?: boolean;
}

/** Opens the database that a URL names. Throws a plain error for an unusable URL, `storage_unavailable` later on. */
export function openDatabase(options: DatabaseOptions): Database {
  if (options.url.startsWith('sqlite:')) {
    const sqlite = openSqlite(options.url.slice('sqlite:'.length));
    const reader = { ...sqliteHandle(sqlite.read), runAside: guarded(sqlite.readAside), sharing: embeddedSharing };
    return {
      isEmbedded: true,
      reader,
      watcher: reader,
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

/** True for a SQLite file that opening would make; throws where this user may not look. */
export function isMissing(url: string): boolean {
  return url.startsWith('sqlite:') && isMissingFile(url.slice('sqlite:'.length));
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

function openServer({ url, readUrl, poolSize, statementTimeoutMs, hasWatcher = false }: DatabaseOptions): Database {
  const primary = openPostgres(url, poolSize, statementTimeoutMs);
  // When requests hold all connections, maintenance is most needed.
  const watching = hasWatcher ? openPostgres(url, 1, statementTimeoutMs) : primary;
  const replica = readUrl === undefined ? primary : openPostgres(readUrl, poolSize, statementTimeoutMs);
  const db = primary.kysely;
  const handleOf = (server: Postgres): Handle => ({
    ...handleOn(postgresCompiler, server.read, lockPostgresRows),
    sharing: serverSharing,
  });
  const reader = handleOf(primary);
  return {
    isEmbedded: false,
    reader,
    watcher: watching === primary ? reader : handleOf(watching),
    replica: replica === primary ? reader : handleOf(replica),
    transaction: (work) =>
      translated(() =>
        primary.transaction((run, send, isFirstTry) =>
          scoped(
            distantHandleOn(postgresCompiler, run, lockPostgresRows, send, isFirstTry ? requiring : undefined),
            work,
          ),
        ),
      ),
    migrate: (migrationsFor) =>
      translated(() => runMigrations(db, schemaTransactionOn(url), migrationsFor(postgresColumns))),
    schemaState: (migrationsFor) => translated(() => readSchemaState(db, migrationsFor(postgresColumns))),
    highestIds: () => translated(() => readSequences(db)),
    alignIdentities: (atLeast = {}) => translated(() => alignSequences(db, atLeast)),
    windows: openPostgresWindows((text, values) => reader.run(CompiledQuery.raw(text, [...values]))),
    close: async () => {
      for (const server of new Set([primary, watching, replica])) await server.close();
    },
  };
}

// The one writer runs transactions one after another: what it has read stays as it is.
const sqliteHandle = (run: Run): Handle => handleOn(compiler, run, (query) => query);

const lockPostgresRows: Handle['lockRows'] = (query) => query.forUpdate();
