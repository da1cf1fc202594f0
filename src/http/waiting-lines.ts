import { AccountError, secondsToWait } from '../accounts/errors.ts';

export interface WaitingLineOptions {
  /** Who has stood this long is refused with `overloaded`. */
  maxWaitMs: number;
  /** Most that stand in all lines together; who comes on top is refused at once. */
  maxWaiting: number;
}

/**
 * Tells how many may be under way at once, at least 1; throws to refuse. Asked anew for each that comes to the front, and
 * again whenever one has ended meanwhile.
 */
export type Room = () => Promise<number>;

/** Ends the attempt that was let through; a second call does nothing. */
export type Leave = () => void;

interface Waiter {
  room: Room;
  letThrough(): void;
  refuse(error: unknown): void;
}

interface Line {
  underWay: number;
  /** How many have ended, so that an answer of `room` from before is known to be old. */
  ended: number;
  waiting: Waiter[];
  isServed: boolean;
}

/**
 * One line per key, first come, first served. It bounds what is under way rather than what has been counted: attempts
 * whose outcome is not known yet can then never add up to more than their key has left to get wrong, and those beyond
 * wait for an outcome instead of failing on suspicion.
 */
export class WaitingLines {
  readonly #options: WaitingLineOptions;
  readonly #lines = new Map<string, Line>();
  #waiting = 0;

  constructor(options: WaitingLineOptions) {
    this.#options = options;
  }

  /** Resolves when there is room, with the function to call at the end. Throws what `room` throws, and `overloaded`. */
  enter(key: string, room: Room): Promise<Leave> {
    const line = this.#lines.get(key) ?? { underWay: 0, ended: 0, waiting: [], isServed: false };
    this.#lines.set(key, line);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        room,
        letThrough: () => {
          this.#remove(line, waiter);
          clearTimeout(timer);
          line.underWay += 1;
          resolve(this.#leaving(key, line));
        },
        refuse: (error) => {
          this.#remove(line, waiter);
          clearTimeout(timer);
          reject(error);
        },
      };
      const { maxWaitMs } = this.#options;
      const timer = setTimeout(() => {
        waiter.refuse(overloaded(maxWaitMs));
        void this.#serve(key, line);
      }, maxWaitMs).unref();
      line.waiting.push(waiter);
      this.#waiting += 1;
      void this.#serve(key, line);
    });
  }

  #remove(line: Line, waiter: Waiter): void {
    const place = line.waiting.indexOf(waiter);
    if (place < 0) return;
    line.waiting.splice(place, 1);
    this.#waiting -= 1;
  }

  #leaving(key: string, line: Line): Leave {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      line.underWay -= 1;
      line.ended += 1;
      void this.#serve(key, line);
    };
  }

  async #serve(key: string, line: Line): Promise<void> {
    if (line.isServed) return;
    line.isServed = true;
    for (let first = line.waiting[0]; first !== undefined; first = line.waiting[0]) {
      const { ended } = line;
      try {
        const room = await first.room();
        // Whoever gave up meanwhile is no longer first; whoever ended may have changed the answer.
        if (line.waiting[0] !== first || line.ended !== ended) continue;
        if (line.underWay >= room) {
          this.#shorten(line);
          break;
        }
        first.letThrough();
      } catch (error) {
        first.refuse(error);
      }
    }
    line.isServed = false;
    const isDeserted = line.underWay === 0 && line.waiting.length === 0;
    if (isDeserted && this.#lines.get(key) === line) this.#lines.delete(key);
  }

  /** Sends those away who came last, now that it is known that they would have to stand. */
  #shorten(line: Line): void {
    const { maxWaitMs, maxWaiting } = this.#options;
    while (this.#waiting > maxWaiting) {
      const last = line.waiting.at(-1);
      if (last === undefined) return;
      last.refuse(overloaded(maxWaitMs));
    }
  }
}

function overloaded(maxWaitMs: number): AccountError {
  return new AccountError('overloaded', { retryAfterSeconds: secondsToWait(maxWaitMs) });
}
