export type BreakerState = 'closed' | 'open' | 'half_open';

/** Failures in a row after which a platform is left alone. */
const threshold = 5;
const firstRestMs = 5_000;
const longestRestMs = 60_000;

/**
 * Keeps one process from calling a platform that is down: after some transient failures in a row it opens, and once it has
 * rested one row at a time may try whether the platform is back. `clock` gives milliseconds that never go back.
 */
export class Breaker {
  readonly #clock: () => number;
  #failures = 0;
  #openUntil: number | undefined;
  #restMs = firstRestMs;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  get state(): BreakerState {
    if (this.#openUntil === undefined) return 'closed';
    return this.#clock() < this.#openUntil ? 'open' : 'half_open';
  }

  /** How many rows may be worked on at once now, of `most` otherwise. */
  admits(most: number): number {
    const { state } = this;
    return state === 'closed' ? most : state === 'half_open' ? Math.min(1, most) : 0;
  }

  /** The platform answered, be it with a refusal. */
  succeed(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#restMs = firstRestMs;
  }

  /** The platform could not be reached or is in trouble. */
  fail(): void {
    this.#failures += 1;
    const { state } = this;
    // What was under way when it opened says nothing new.
    if (state === 'open' || this.#failures < threshold) return;
    if (state === 'half_open') this.#restMs = Math.min(longestRestMs, this.#restMs * 2);
    this.#openUntil = this.#clock() + this.#restMs;
  }
}
