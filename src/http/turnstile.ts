/**
 * Lets callers through in the order they came, a few in each turn of the event loop, so that whatever else arrives is
 * served in between. A burst of sign-ins would otherwise be looked at in one go, with every reader behind all of it.
 */
export class Turnstile {
  readonly #perTurn: number;
  #waiting: (() => void)[] = [];
  #passed = 0;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** Calls `letThrough` at once while few have come in this turn, else in a later one. */
  enter(letThrough: () => void): void {
    if (this.#passed >= this.#perTurn) {
      this.#waiting.push(letThrough);
      return;
    }
    this.#pass(letThrough);
  }

  #pass(letThrough: () => void): void {
    if (this.#passed === 0) setImmediate(() => this.#turn());
    this.#passed += 1;
    letThrough();
  }

  #turn(): void {
    this.#passed = 0;
    // Whoever comes meanwhile finds a full turn, and stands behind those who wait.
    for (const letThrough of this.#waiting.splice(0, this.#perTurn)) this.#pass(letThrough);
  }
}
