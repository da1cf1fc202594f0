import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { CompiledQuery } from 'kysely';
import { AccountError } from '../accounts/errors.ts';

/** Queries that wait at most: a client that asks faster than they are answered is told so. */
const mostWaiting = 64;

// Text, because it must run from the bundle and from the sources alike.
const threadSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const SqliteDatabase = require(workerData.driver);
  const connection = new SqliteDatabase(workerData.path, { timeout: 2000, readonly: true });
  connection.pragma('cache_size = -16384');
  parentPort.on('message', ({ sql, parameters }) => {
    if (sql === undefined) {
      connection.close();
      parentPort.close();
      return;
    }
    try {
      parentPort.postMessage({ rows: connection.prepare(sql).all(...parameters) });
    } catch ({ message, code }) {
      parentPort.postMessage({ message, code });
    }
  });
`;

type Answer = { rows: unknown[] } | { message: string; code?: string };

interface Caller {
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

/**
 * Runs queries that read much, one after another, on a thread of its own: on the event loop everybody would wait for
 * them. The thread starts with the first one. It sees every write that was acknowledged before. Throws `overloaded`
 * when too many wait.
 */
export class AsideReader {
  readonly #path: string;
  #thread: Worker | undefined;
  /** In the order of their queries. */
  #callers: Caller[] = [];
  #isClosed = false;

  /** `path` names a file that is in WAL mode when the first query comes. */
  constructor(path: string) {
    this.#path = path;
  }

  async run<Row>({ sql, parameters }: CompiledQuery<Row>): Promise<Row[]> {
    if (this.#isClosed) throw new AccountError('storage_unavailable', { retryAfterSeconds: 2 });
    if (this.#callers.length >= mostWaiting) throw new AccountError('overloaded', { retryAfterSeconds: 5 });
    const thread = this.#thread ?? this.#open();
    const rows = new Promise<unknown[]>((resolve, reject) => this.#callers.push({ resolve, reject }));
    thread.ref();
    thread.postMessage({ sql, parameters });
    return (await rows) as Row[];
  }

  #open(): Worker {
    const driver = createRequire(import.meta.url).resolve('better-sqlite3');
    const thread = new Worker(threadSource, {
      eval: true,
      execArgv: [],
      workerData: { driver, path: this.#path },
    });
    thread.on('message', (answer: Answer) => {
      const caller = this.#callers.shift();
      if (this.#callers.length === 0) thread.unref();
      if ('rows' in answer) caller?.resolve(answer.rows);
      else caller?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
    });
    const giveUp = (cause: unknown): void => {
      if (this.#thread !== thread) return;
      this.#thread = undefined; // the next query starts another
      const error = new AccountError('storage_unavailable', { retryAfterSeconds: 2 }, cause);
      for (const { reject } of this.#callers.splice(0)) reject(error);
    };
    thread.on('error', giveUp);
    thread.on('exit', giveUp);
    this.#thread = thread;
    return thread;
  }

  /** Waits for the queries that were asked for, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.ref();
    const isGone = new Promise((resolve) => thread.once('exit', resolve));
    thread.postMessage({});
    await isGone;
  }
}
