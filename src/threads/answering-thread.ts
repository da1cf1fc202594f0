import { Worker } from 'node:worker_threads';

// Text, because it must run from the bundle and from the sources alike.
const sourceAround = (open: string): string => `
  const { parentPort, workerData } = require('node:worker_threads');
  const { answer, close } = (${open})(workerData);
  parentPort.on('message', ({ call, isEnd }) => {
    if (isEnd) {
      close?.();
      parentPort.close();
      return;
    }
    try {
      parentPort.postMessage({ value: answer(call) });
    } catch ({ message, code }) {
      parentPort.postMessage({ message, code });
    }
  });
`;

type Answer = { value: unknown } | { message: string; code?: string };

interface Caller {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Whoever waits for an answer of a thread that ended gets this. */
export class ThreadEnded extends Error {
  constructor(cause: unknown) {
    super('The thread has ended', { cause });
    this.name = 'ThreadEnded';
  }
}

export interface AnsweringThreadOptions {
  /**
   * JavaScript of a function that takes `data` and gives `{ answer(call), close?() }`, none of them asynchronous. It can
   * `require` what `data` names by its path; nothing around the text is in reach.
   */
  open: string;
  data: unknown;
}

/**
 * A thread that answers one call after another. It keeps the process from ending as long as somebody waits for an answer. An error
 * comes with its message and its code; whatever ends the thread, nobody is left waiting.
 */
export class AnsweringThread {
  readonly #worker: Worker;
  /** In the order of their calls. */
  readonly #callers: Caller[] = [];
  #hasEnded = false;

  constructor({ open, data }: AnsweringThreadOptions) {
    this.#worker = new Worker(sourceAround(open), { eval: true, execArgv: [], workerData: data });
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#noteEnd(error));
    this.#worker.on('exit', (code) => this.#noteEnd(code));
    this.#worker.unref();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Calls that are not answered yet. */
  get waiting(): number {
    return this.#callers.length;
  }

  /** Rejects with `ThreadEnded`, or with an error like that which `answer` threw. */
  ask(call: unknown): Promise<unknown> {
    return this.#post({ call });
  }

  /** Answers what was asked before, closes what the thread has open, and resolves when it is gone. */
  async close(): Promise<void> {
    // Nothing answers this but the end.
    await this.#post({ isEnd: true }).catch(() => undefined);
  }

  #post(message: object): Promise<unknown> {
    if (this.#hasEnded) return Promise.reject(new ThreadEnded('before'));
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#callers.push({ resolve, reject });
      this.#worker.postMessage(message);
    });
  }

  #settle(answer: Answer): void {
    const caller = this.#callers.shift();
    if (this.#callers.length === 0) this.#worker.unref();
    if ('value' in answer) caller?.resolve(answer.value);
    else caller?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
  }

  #noteEnd(cause: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const { reject } of this.#callers.splice(0)) reject(new ThreadEnded(cause));
  }
}
