import type { CompiledQuery } from 'kysely';
import { AccountError } from '../accounts/errors.ts';
import { ThreadEnded } from '../threads/answering-thread.ts';
import { SqliteThread } from './sqlite-thread.ts';

/** Queries that wait at most: a client that asks faster than they are answered is told so. */
const mostWaiting = 64;

const open = `({ driver, path }) => {
  const SqliteDatabase = require(driver);
  const connection = new SqliteDatabase(path, { timeout: 2000, readonly: true });
  connection.pragma('cache_size = -16384');
  return {
    answer: ({ sql, parameters }) => connection.prepare(sql).all(...parameters),
    close: () => connection.close(),
  };
}`;

/**
 * Runs queries that read much, one after another, on a thread of its own: on the event loop everybody would wait for
 * them. The thread starts with the first one. It sees every write that was acknowledged before. Throws `overloaded`
 * when too many wait.
 */
export class AsideReader {
  readonly #thread: SqliteThread;
  #isClosed = false;

  /** `path` names a file that is in WAL mode when the first query comes. */
  constructor(path: string) {
    this.#thread = new SqliteThread(path, open);
  }

  async run<Row>({ sql, parameters }: CompiledQuery<Row>): Promise<Row[]> {
    if (this.#isClosed) throw new AccountError('storage_unavailable', { retryAfterSeconds: 2 });
    if (this.#thread.waiting >= mostWaiting) throw new AccountError('overloaded', { retryAfterSeconds: 5 });
    try {
      return (await this.#thread.ask({ sql, parameters })) as Row[];
    } catch (error) {
      if (!(error instanceof ThreadEnded)) throw error;
      throw new AccountError('storage_unavailable', { retryAfterSeconds: 2 }, error.cause);
    }
  }

  /** Waits for the queries that were asked for, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread.close();
  }
}
