import { LoyaltyPlatformError } from '../../accounts/loyalty-platform.ts';

export interface CallBudgetOptions {
  /** Calls begun in a second, on average; as many may begin at once after a rest. */
  perSecond: number;
  /** Calls under way at once. */
  concurrency: number;
}

interface Waiting {
  begin(): void;
  fail(reason: unknown): void;
}

/**
 * Token bucket and cap on parallel calls in one: calls get their turn in the order they asked. One per chain and process;
 * several nodes each have their own.
 */
export class CallBudget {
  readonly #perSecond: number;
  readonly #concurrency: number;
  readonly #waiting = new Set<Waiting>();
  #tokens: number;
  #filledAt = performance.now();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ perSecond, concurrency }: CallBudgetOptions) {
    this.#perSecond = perSecond;
    this.#concurrency = concurrency;
    this.#tokens = perSecond;
  }

  /**
   * Resolves when a call may begin, with what ends its turn. Throws the signal's reason when that fires first, and a
   * `transient` LoyaltyPlatformError once the budget is closed.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    await new Promise<void>((begin, fail) => {
      const onAbort = (): void => waiting.fail(signal?.reason);
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        begin: () => {
          settle();
          begin();
        },
        fail: (reason) => {
          settle();
          fail(reason);
        },
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiting.add(waiting);
      this.#serve();
    });
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.#running -= 1;
      this.#serve();
    };
  }

  /** Fails everything that waits; turns that were given stay given. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const waiting of this.#waiting) waiting.fail(closed());
  }

  #serve(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    for (const waiting of this.#waiting) {
      if (this.#running >= this.#concurrency) return;
      if (this.#tokens < 1) {
        const untilNextMs = ((1 - this.#tokens) / this.#perSecond) * 1000;
        // Rounded up, since a timer that fires early would find no token and be set again.
        this.#timer = setTimeout(() => this.#serve(), Math.ceil(untilNextMs));
        return;
      }
      this.#tokens -= 1;
      this.#running += 1;
      waiting.begin();
    }
  }
}

function closed(): LoyaltyPlatformError {
  return new LoyaltyPlatformError('transient', 'the link was closed');
}
