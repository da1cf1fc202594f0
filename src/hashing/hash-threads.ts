import { createRequire } from 'node:module';
import { AccountError } from '../accounts/errors.ts';
import { AnsweringThread, ThreadEnded } from '../threads/answering-thread.ts';

/**
 * How much less of a busy processor a hash gets than a request (nice(2)). A third of the weight: next to nothing else it
 * has all of it, and with every processor hashing a request still comes at once.
 */
const niceness = 5;
/** A thread that had nothing to do for so long ends, and gives its memory back. */
const restMs = 60_000;

const open = `({ niceness }) => {
  const { getPriority, setPriority } = require('node:os');
  // Priorities are those of threads on Linux only; elsewhere this would be the whole process.
  if (process.platform === 'linux') {
    try {
      setPriority(Math.min(19, getPriority() + niceness));
    } catch {
      // A sandbox may forbid it: hashes are as urgent as everything else then.
    }
  }
  const packages = {};
  return {
    answer: ({ path, name, args }) => {
      packages[path] ??= require(path);
      return packages[path][name](...args);
    },
  };
}`;

/** A function of a native package, which must not return a promise. */
export interface HashCall {
  package: '@node-rs/argon2' | '@node-rs/bcrypt';
  name: string;
  args: readonly unknown[];
}

/**
 * Runs password functions, each call on a thread that has nothing else to do; another one starts when there is none.
 * Threads of our own and not libuv's, because these must have a lower priority than the event loop: a storm of sign-ins
 * leaves it waiting for a processor otherwise. Disk syncs and look-ups of names keep libuv's for themselves.
 */
export class HashThreads {
  readonly #resting: RestingThread[] = [];
  readonly #paths = new Map<HashCall['package'], string>();

  async run<T>({ package: name, ...call }: HashCall): Promise<T> {
    const thread = this.#take();
    try {
      return (await thread.ask({ path: this.#pathOf(name), ...call })) as T;
    } catch (error) {
      if (!(error instanceof ThreadEnded)) throw error;
      throw new AccountError('overloaded', { retryAfterSeconds: 2 }, error.cause);
    } finally {
      if (!thread.hasEnded) this.#letRest(thread);
    }
  }

  #take(): AnsweringThread {
    const resting = this.#resting.pop();
    if (resting === undefined) return new AnsweringThread({ open, data: { niceness } });
    clearTimeout(resting.untilEnd);
    return resting.thread.hasEnded ? this.#take() : resting.thread;
  }

  #letRest(thread: AnsweringThread): void {
    const end = (): void => {
      this.#resting.splice(this.#resting.indexOf(resting), 1);
      void thread.close();
    };
    const resting = { thread, untilEnd: setTimeout(end, restMs).unref() };
    this.#resting.push(resting);
  }

  #pathOf(name: HashCall['package']): string {
    const path = this.#paths.get(name) ?? createRequire(import.meta.url).resolve(name);
    this.#paths.set(name, path);
    return path;
  }
}

interface RestingThread {
  thread: AnsweringThread;
  untilEnd: NodeJS.Timeout;
}
