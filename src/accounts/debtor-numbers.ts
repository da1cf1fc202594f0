import type { Store } from './store.ts';

/** Numbers fetched at once; at most so many less one are never given when a node ends. */
const blockSize = 10;

/**
 * Hands out debtor numbers, each once over all nodes. They come from the stored counter in blocks, each in a transaction
 * of its own. Taken in the transaction of a create, the counter's row would stay locked until that commits, and all
 * creates of all nodes would stand in one line, each for as long as the one before it takes.
 */
export class DebtorNumbers {
  readonly #store: Pick<Store, 'transaction'>;
  #next = 1;
  #last = 0;
  #fetching: Promise<void> | undefined;

  constructor(store: Pick<Store, 'transaction'>) {
    this.#store = store;
  }

  /** Not inside a transaction: on SQLite it would wait for itself. Throws `storage_unavailable`. */
  async next(): Promise<number> {
    while (this.#next > this.#last) {
      // One fetch for all who wait; more than a block of them go round again.
      this.#fetching ??= this.#fetch().finally(() => {
        this.#fetching = undefined;
      });
      await this.#fetching;
    }
    const number = this.#next;
    this.#next += 1;
    return number;
  }

  async #fetch(): Promise<void> {
    const last = await this.#store.transaction(({ settings }) => settings.next('debtor_number', blockSize));
    this.#last = last;
    this.#next = last - blockSize + 1;
  }
}
