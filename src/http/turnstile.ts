/**
 * Lets callers through in the order they came, a few in each turn of the event loop, so that whatever else arrives is
 * served in between. A burst of sign-ins would otherwise be looked at in one go, with every reader behind all of it.
 */
export class Turnstile {
  readonly #perTurn: number;
  readonly #waiting: (() => void)[] = [];
  #isTurning = false;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** Resolves in the next turn, or in a later one when many came before. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isTurning) this.#turnSoon();
    });
  }

  #turnSoon(): void {
    this.#isTurning = true;
    setImmediate(() => {
      for (const letThrough of this.#waiting.splice(0, this.#perTurn)) letThrough();
      this.#isTurning = false;
      if (this.#waiting.length > 0) this.#turnSoon();
    });
  }
}
