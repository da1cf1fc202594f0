import { createRequire } from 'node:module';
import { AnsweringThread } from '../threads/answering-thread.ts';

/**
 * A thread with a connection of its own to a SQLite file. It starts with the first question, and another one with the next
 * question after it ended by itself.
 */
export class SqliteThread {
  readonly #path: string;
  readonly #open: string;
  #thread: AnsweringThread | undefined;

  /** `open` is the thread's, see `AnsweringThread`; it is given the file's `path` and that of the `driver`. */
  constructor(path: string, open: string) {
    this.#path = path;
    this.#open = open;
  }

  /** Questions that are not answered yet. */
  get waiting(): number {
    return this.#thread?.waiting ?? 0;
  }

  /** Rejects as `AnsweringThread` does. */
  ask(question: unknown): Promise<unknown> {
    if (this.#thread === undefined || this.#thread.hasEnded) this.#thread = this.#start();
    return this.#thread.ask(question);
  }

  #start(): AnsweringThread {
    const driver = createRequire(import.meta.url).resolve('better-sqlite3');
    return new AnsweringThread({ open: this.#open, data: { driver, path: this.#path } });
  }

  /** Waits for the answers to what was asked, and ends the thread. */
  async close(): Promise<void> {
    await this.#thread?.close();
  }
}
