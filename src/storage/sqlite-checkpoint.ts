import { SqliteThread } from './sqlite-thread.ts';

/** How many transactions there are between two checkpoints. */
const transactionsBetween = 200;
/** How many may be written while one checkpoint runs; a slow disk must not let the log grow without end. */
const transactionsMeanwhile = 600;
/** From so many pages in the log on (16 MiB) the writer waits for a checkpoint, after which it is begun anew. */
const mostPages = 4_096;

/** Pages in the log, and how many of them are in the database file as well. */
interface Progress {
  log: number;
  checkpointed: number;
}

const open = `({ driver, path }) => {
  const SqliteDatabase = require(driver);
  const connection = new SqliteDatabase(path, { timeout: 2000 });
  connection.pragma('synchronous = NORMAL');
  return {
    answer: () => connection.pragma('wal_checkpoint(PASSIVE)')[0],
    close: () => connection.close(),
  };
}`;

/**
 * Brings the write-ahead log of a SQLite file into the file itself, on a thread of its own: a checkpoint copies a
 * thousand pages and syncs twice, and on the event loop every reader would wait for that. The thread starts when there
 * is first something to do. A checkpoint that fails, because the disk is full or somebody reads an old state, is tried
 * again; until then the log holds what is missing.
 */
export class Checkpointer {
  readonly #thread: SqliteThread;
  #running: Promise<void> | undefined;
  #transactions = 0;
  #mostPages = mostPages;
  #isFull = false;

  constructor(path: string) {
    this.#thread = new SqliteThread(path, open);
  }

  /** Told of every group that was committed; does the rest by itself. */
  note(transactions: number): void {
    this.#transactions += transactions;
    if (this.#transactions >= transactionsBetween) this.#start();
  }

  /**
   * What the writer waits for before it goes on: undefined nearly always. SQLite begins the log anew only when a
   * checkpoint got to its end, which it never does while others write.
   */
  room(): Promise<void> | undefined {
    const isOutrun = this.#running !== undefined && this.#transactions >= transactionsMeanwhile;
    return this.#isFull || isOutrun ? this.#makeRoom() : undefined;
  }

  /**
   * Told that the disk had no room for a group: until a checkpoint got to its end the writer waits for one after every
   * group, so that the room the log has taken already is used again.
   */
  noteNoRoom(): void {
    this.#isFull = true;
  }

  async #makeRoom(): Promise<void> {
    await this.#running;
    await this.#start({ isPaused: true });
  }

  #start(how: { isPaused: boolean } = { isPaused: false }): Promise<void> {
    this.#running ??= this.#checkpoint(how).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #checkpoint({ isPaused }: { isPaused: boolean }): Promise<void> {
    this.#transactions = 0;
    const progress = await this.#thread.ask('checkpoint').then(
      (answer) => answer as Progress,
      () => undefined,
    );
    if (progress === undefined) return;
    if (!isPaused) {
      this.#isFull = progress.log > this.#mostPages;
      return;
    }
    this.#isFull = false;
    // Somebody reads an old state and keeps the log from being begun anew: waiting at every group would help nobody.
    this.#mostPages = progress.checkpointed === progress.log ? mostPages : this.#mostPages * 2;
  }

  /** Waits for a running checkpoint and ends the thread, whose connection must be closed before the writer's. */
  async close(): Promise<void> {
    await this.#running;
    await this.#thread.close();
  }
}
