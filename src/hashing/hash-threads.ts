import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { AccountError } from '../accounts/errors.ts';

/**
 * How much less of a busy processor a hash gets than a request (nice(2)). A third of the weight: next to nothing else it
 * has all of it, and with every processor hashing a request still comes at once.
 */
const niceness = 5;
/** A thread that had nothing to do for so long ends, and gives its memory back. */
const restMs = 60_000;

// Text, because it must run from the bundle and from the sources alike.
const threadSource = `
  const { getPriority, setPriority } = require('node:os');
  const { parentPort, workerData } = require('node:worker_threads');
  // Priorities are those of threads on Linux only; elsewhere this would be the whole process.
  if (process.platform === 'linux') {
    try {
      setPriority(Math.min(19, getPriority() + workerData.niceness));
    } catch {
      // A sandbox may forbid it: hashes are as urgent as everything else then.
    }
  }
  const packages = {};
  parentPort.on('message', ({ path, name, args }) => {
    try {
      packages[path] ??= require(path);
      parentPort.postMessage({ value: packages[path][name](...args) });
    } catch ({ message, code }) {
      parentPort.postMessage({ message, code });
    }
  });
`;

/** A function of a native package, which must not return a promise. */
export interface HashCall {
  package: '@node-rs/argon2' | '@node-rs/bcrypt';
  name: string;
  args: readonly unknown[];
}

type Answer = { value: unknown } | { message: string; code?: string };

interface Caller {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Runs password functions, each call on a thread that has nothing else to do; another one starts when there is none.
 * Threads of our own and not libuv's, because these must have a lower priority than the event loop: a storm of sign-ins
 * leaves it waiting for a processor otherwise. Disk syncs and look-ups of names keep libuv's for themselves.
 */
export class HashThreads {
  readonly #resting: HashThread[] = [];
  readonly #paths = new Map<HashCall['package'], string>();

  async run<T>({ package: name, ...call }: HashCall): Promise<T> {
    const thread = this.#resting.pop() ?? new HashThread((ended) => this.#forget(ended));
    try {
      return (await thread.run({ path: this.#pathOf(name), ...call })) as T;
    } finally {
      if (!thread.hasEnded) this.#resting.push(thread);
    }
  }

  #pathOf(name: HashCall['package']): string {
    const path = this.#paths.get(name) ?? createRequire(import.meta.url).resolve(name);
    this.#paths.set(name, path);
    return path;
  }

  #forget(ended: HashThread): void {
    const index = this.#resting.indexOf(ended);
    if (index >= 0) this.#resting.splice(index, 1);
  }
}

class HashThread {
  hasEnded = false;
  readonly #worker = new Worker(threadSource, { eval: true, execArgv: [], workerData: { niceness } });
  readonly #rest: NodeJS.Timeout;
  #caller: Caller | undefined;

  constructor(onEnd: (thread: HashThread) => void) {
    const end = (cause: unknown): void => {
      if (this.hasEnded) return;
      this.hasEnded = true;
      clearTimeout(this.#rest);
      onEnd(this);
      this.#caller?.reject(new AccountError('overloaded', { retryAfterSeconds: 2 }, cause));
    };
    this.#rest = setTimeout(() => {
      if (this.#caller !== undefined) {
        this.#rest.refresh();
        return;
      }
      end('rest');
      void this.#worker.terminate();
    }, restMs).unref();
    this.#worker.on('message', (answer: Answer) => {
      const caller = this.#caller;
      this.#caller = undefined;
      this.#worker.unref();
      this.#rest.refresh();
      if ('value' in answer) caller?.resolve(answer.value);
      else caller?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
    });
    this.#worker.on('error', end);
    this.#worker.on('exit', end);
  }

  run(call: { path: string; name: string; args: readonly unknown[] }): Promise<unknown> {
    this.#worker.ref();
    this.#rest.refresh();
    return new Promise((resolve, reject) => {
      this.#caller = { resolve, reject };
      this.#worker.postMessage(call);
    });
  }
}
