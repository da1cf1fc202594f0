import { closeSync, fdatasync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SchemaTransaction } from './migrator.ts';
import { rowFactory, type ToRow } from './row-factory.ts';
import { AsideReader } from './sqlite-aside.ts';
import { Checkpointer } from './sqlite-checkpoint.ts';
import { beginWhenFree } from './sqlite-lock.ts';
import { inSchemaTransaction } from './sqlite-schema.ts';
import type { Tables } from './tables.ts';

/** How many transactions share one commit at most; bounds how long the first of a group waits. */
const groupSize = 128;
/** How long a group waits for another process that writes. */
const lockWaitMs = 2_000;
/** How long a group writes before whoever reads has a turn of the event loop. */
const turnMs = 2;

/** An open SQLite file: a read-only connection for readers and one writer that commits in groups. */
export interface Sqlite {
  readonly read: Run;
  /** The same for what reads much, on a thread of its own. */
  readAside<Row>(query: CompiledQuery<Row>): Promise<Row[]>;
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
  /** Runs schema work on a connection of its own, through Kysely's stock dialect. */
  withPlainKysely<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** The same in one transaction; waits for other writers without stopping the event loop. */
  readonly schemaTransaction: SchemaTransaction;
  close(): Promise<void>;
}

/**
 * Opens a SQLite file, making its folder. Connections open at first use, so that migrations may run before.
 *
 * Durability: the writer runs with `synchronous=NORMAL` and the write-ahead log is synced here, once per group of
 * transactions and in libuv's pool, before any of them is acknowledged. That is what `synchronous=FULL` does at every
 * commit, without stopping the event loop (and with it every reader) for as long as the disk takes.
 */
export function openSqlite(path: string): Sqlite {
  // Two connections would see two databases.
  if (path === ':memory:') throw new Error('SQLite in memory is not supported: name a file');
  mkdirSync(dirname(path), { recursive: true });
  const connect = (options: SqliteDatabase.Options = {}): SqliteDatabase.Database => {
    const connection = new SqliteDatabase(path, { timeout: lockWaitMs, ...options });
    connection.pragma('foreign_keys = ON');
    return connection;
  };
  let writer: Writer | undefined;
  let readerConnection: CachedConnection | undefined;
  const openWriter = (): Writer => {
    if (writer === undefined) {
      const connection = connect();
      connection.pragma('journal_mode = WAL');
      connection.pragma('synchronous = NORMAL');
      connection.pragma('wal_autocheckpoint = 0');
      connection.pragma('busy_timeout = 0');
      // What a savepoint may have to put back, page by page; beyond 64 KiB it would go through a file in the system's temporary folder.
      connection.pragma('temp_store = MEMORY');
      // Who was erased is not to be found in the bytes of the file either.
      connection.pragma('secure_delete = ON');
      writer = new Writer(connection, path);
    }
    return writer;
  };
  const openReader = (): CachedConnection => {
    openWriter(); // the file must be in WAL mode before a read-only connection can use it
    const connection = connect({ readonly: true });
    // 32 MiB of pages instead of 2: a lookup among a million customers then finds the upper index levels in memory.
    connection.pragma('cache_size = -32768');
    readerConnection = new CachedConnection(connection);
    return readerConnection;
  };
  const aside = new AsideReader(path);
  const withPlainKysely: Sqlite['withPlainKysely'] = async (work) => {
    const connection = connect();
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
    try {
      return await work(db);
    } finally {
      await db.destroy();
    }
  };
  return {
    read: (query) => (readerConnection ?? openReader()).run(query),
    readAside: (query) => {
      openWriter(); // as for the reader
      return aside.run(query);
    },
    transaction: (work) => openWriter().enqueue(work),
    withPlainKysely,
    schemaTransaction: (work) => withPlainKysely((db) => inSchemaTransaction(db, work)),
    close: async () => {
      // The writer last: the last connection to close tidies the log away, which a read-only one cannot.
      await writer?.settled();
      await aside.close();
      readerConnection?.close(); // closing a closed connection does nothing
      await writer?.close();
    },
  };
}

interface Task {
  work: (run: Run) => Promise<unknown>;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/** The one writer: transactions run strictly one after another, and those that wait together commit together. */
class Writer {
  readonly #connection: SqliteDatabase.Database;
  readonly #statements: Record<'begin' | 'save' | 'release' | 'undo' | 'commit', SqliteDatabase.Statement>;
  readonly #run: Run;
  readonly #walPath: string;
  readonly #checkpointer: Checkpointer;
  #walDescriptor: number | undefined;
  #waiting: Task[] = [];
  #running: Promise<void> | undefined;

  constructor(connection: SqliteDatabase.Database, path: string) {
    this.#connection = connection;
    this.#statements = {
      begin: connection.prepare('BEGIN IMMEDIATE'),
      save: connection.prepare('SAVEPOINT task'),
      release: connection.prepare('RELEASE task'),
      undo: connection.prepare('ROLLBACK TO task'),
      commit: connection.prepare('COMMIT'),
    };
    this.#run = new CachedConnection(connection).run;
    this.#walPath = `${path}-wal`;
    this.#checkpointer = new Checkpointer(path);
  }

  enqueue<T>(work: (run: Run) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when no transaction runs or waits. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async close(): Promise<void> {
    await this.#checkpointer.close();
    if (this.#walDescriptor !== undefined) closeSync(this.#walDescriptor);
    this.#walDescriptor = undefined; // the number may belong to another file by the next call
    this.#connection.close();
  }

  async #drain(): Promise<void> {
    // Let the callers of this turn of the event loop join the first group.
    await nextTurn();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, groupSize);
      await this.#commitTogether(group);
      await this.#checkpointer.room();
    }
    this.#running = undefined;
  }

  async #commitTogether(group: Task[]): Promise<void> {
    const { begin, save, release, undo, commit } = this.#statements;
    const done: { task: Task; value: unknown }[] = [];
    try {
      await beginWhenFree(() => begin.run(), lockWaitMs);
      let turnBegan = performance.now();
      for (const task of group) {
        if (performance.now() - turnBegan > turnMs) {
          await nextTurn();
          turnBegan = performance.now();
        }
        save.run();
        try {
          const value = await task.work(this.#run);
          release.run();
          done.push({ task, value });
        } catch (error) {
          // A full disk or an I/O error ends the whole transaction, not only the savepoint: nobody of the group made it.
          if (!this.#connection.inTransaction) throw error;
          undo.run();
          release.run();
          task.reject(error);
        }
      }
      commit.run();
      if (done.length > 0) await this.#syncLog();
    } catch (error) {
      this.#rollBack();
      for (const task of group) task.reject(error);
      if (isLackOfRoom(error)) this.#checkpointer.noteNoRoom();
      return;
    }
    for (const { task, value } of done) task.resolve(value as never);
    this.#checkpointer.note(done.length);
  }

  /** A connection in trouble may refuse even this; the group is refused either way. */
  #rollBack(): void {
    try {
      if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
    } catch {
      // The next BEGIN says what is wrong.
    }
  }

  #syncLog(): Promise<void> {
    this.#walDescriptor ??= openSync(this.#walPath, 'r+');
    const descriptor = this.#walDescriptor;
    return new Promise((resolve, reject) => {
      fdatasync(descriptor, (error) => {
        if (error === null) resolve();
        else reject(Object.assign(error, { code: `SQLITE_IOERR_FSYNC` }));
      });
    });
  }
}

/** A full disk, or a file that may not grow: SQLite calls the latter an I/O error. */
function isLackOfRoom(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_WRITE';
}

/** Runs one compiled query and gives its rows. */
export type Run = <Row>(query: CompiledQuery<Row>) => Row[];

/** Gives compiled queries of SQLite's dialect; nothing is ever run through it. */
export const compiler = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

interface CachedStatement {
  statement: SqliteDatabase.Statement<unknown[], unknown[]>;
  /** Makes the row's object from its values; undefined for statements that give no rows. */
  toRow: ToRow<unknown> | undefined;
}

/**
 * A better-sqlite3 connection that prepares each distinct statement once. Rows are read as plain arrays and turned into
 * objects by a function made for the statement: for our wide joins that takes half the time of the driver's objects.
 */
class CachedConnection {
  readonly #connection: SqliteDatabase.Database;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(connection: SqliteDatabase.Database) {
    this.#connection = connection;
  }

  readonly run: Run = <Row>({ sql, parameters }: CompiledQuery<Row>): Row[] => {
    const { statement, toRow } = this.#statements.get(sql) ?? this.#prepare(sql);
    if (toRow !== undefined) return statement.all(...parameters).map(toRow) as Row[];
    statement.run(...parameters);
    return [];
  };

  #prepare(sql: string): CachedStatement {
    // Statements with lists of varying length are many; starting over keeps the cache bounded.
    if (this.#statements.size >= 500) this.#statements.clear();
    const statement = this.#connection.prepare<unknown[], unknown[]>(sql);
    const cached: CachedStatement = statement.reader
      ? { statement: statement.raw(), toRow: rowFactory(statement.columns()) }
      : { statement, toRow: undefined };
    this.#statements.set(sql, cached);
    return cached;
  }

  close(): void {
    this.#connection.close();
  }
}
