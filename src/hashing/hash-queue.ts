import { AccountError, secondsToWait } from '../accounts/errors.ts';

export interface HashQueueOptions {
  /** Jobs at once. */
  concurrency: number;
  /** A caller who would wait longer than this is refused at once. */
  maxWaitMs: number;
  /** Callers waiting at most, whatever the estimate says. */
  maxQueued: number;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
}

interface Entry {
  perform(): Promise<Outcome>;
  next?: Entry;
}

interface Outcome {
  /** False when the caller was not admitted. */
  hasWorked: boolean;
  /** Tells the caller; called once the slot is free, so that a caller who comes straight back finds it so. */
  settle(): void;
}

/** What a job is taken to last before any was measured: one argon2id at our parameters on a slow machine. */
const FIRST_GUESS_MS = 30;
/** While others wait, so many callers per slot are told together … */
const TOLD_TOGETHER_PER_SLOT = 2;
/** … but none later than this after the end of its job. */
const LONGEST_SILENCE_MS = 25;
/** Those who are refused are told to come back within so much time; who is more than fits shares it with the first. */
const LONGEST_SPREAD_MS = 30_000;
/** Share of the newest job in the average; at 0.1 the last twenty jobs or so decide. */
const NEWEST_SHARE = 0.1;
/** What a job counts for at most, in averages of those before it. */
const LONGEST_IN_AVERAGES = 4;

/**
 * Runs slow jobs first come, first served, a few at once, and refuses early when the line is too long: a storm of
 * sign-ins then gets quick refusals with a time to come back, not answers after its clients have gone.
 */
export class HashQueue {
  readonly #concurrency: number;
  readonly #maxWaitMs: number;
  readonly #maxQueued: number;
  readonly #now: () => number;
  // A linked list: taking from the front of a long array would move all the rest.
  #first: Entry | undefined;
  #last: Entry | undefined;
  #queued = 0;
  #running = 0;
  #doneTotal = 0;
  #shedTotal = 0;
  #averageJobMs = FIRST_GUESS_MS;
  /** On the clock: when the next one to be refused is told to come back. */
  #nextRoomAt = 0;
  #idleWaiters: (() => void)[] = [];
  #untold: (() => void)[] = [];
  #tellTimer: NodeJS.Timeout | undefined;

  constructor(options: HashQueueOptions) {
    this.#concurrency = options.concurrency;
    this.#maxWaitMs = options.maxWaitMs;
    this.#maxQueued = options.maxQueued;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Callers waiting for a slot. */
  get queued(): number {
    return this.#queued;
  }

  /** Jobs holding a slot, their `admit` included. */
  get running(): number {
    return this.#running;
  }

  /** Jobs that ran to their end since the start, well or badly. */
  get doneTotal(): number {
    return this.#doneTotal;
  }

  /** Callers refused with `overloaded` since the start. */
  get shedTotal(): number {
    return this.#shedTotal;
  }

  /** Exponentially weighted average of the time a job holds its slot; a guess until the first has ended. */
  get averageJobMs(): number {
    return this.#averageJobMs;
  }

  /**
   * Runs `job` when a slot is free and answers what it answers. Throws `overloaded` at once when the line is full or the
   * estimated wait too long, with `retryAfterSeconds` until there should be room. `admit` runs first thing in the slot,
   * when time has passed since the caller's own checks: if it throws, the job is skipped and the caller gets that error.
   */
  run<T>(job: () => Promise<T>, admit?: () => void | Promise<void>): Promise<T> {
    const refusal = this.#refuseWhenFull();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise<T>((resolve, reject) => {
      this.#append({
        async perform() {
          let hasWorked = false;
          try {
            await admit?.();
            hasWorked = true;
            const value = await job();
            return { hasWorked, settle: () => resolve(value) };
          } catch (error) {
            return { hasWorked, settle: () => reject(error) };
          }
        },
      });
      this.#fillSlots();
    });
  }

  /** Throws what `run` would throw at this moment, so that no work is done for somebody who is then sent away. */
  checkRoom(): void {
    const refusal = this.#refuseWhenFull();
    if (refusal !== undefined) throw refusal;
  }

  /** The refusal of one more caller, who is counted and given a time to come back; undefined when there is room. */
  #refuseWhenFull(): AccountError | undefined {
    if (this.#running < this.#concurrency) return undefined;
    const waitMs = ((this.#queued + 1) * this.#averageJobMs) / this.#concurrency;
    if (this.#queued < this.#maxQueued && waitMs <= this.#maxWaitMs) return undefined;
    this.#shedTotal += 1;
    return new AccountError('overloaded', { retryAfterSeconds: secondsToWait(this.#nextRoomInMs()) });
  }

  /**
   * When somebody who is refused had better come back: each one job later than the one refused before, which is when
   * there will be room in the line for them. Told the same time, they would all come back as the storm they were.
   */
  #nextRoomInMs(): number {
    const now = this.#now();
    const jobMs = this.#averageJobMs / this.#concurrency;
    const earliest = now + jobMs;
    const isInReach = this.#nextRoomAt > earliest && this.#nextRoomAt < now + LONGEST_SPREAD_MS;
    const roomAt = isInReach ? this.#nextRoomAt : earliest;
    this.#nextRoomAt = roomAt + jobMs;
    return roomAt - now;
  }

  /** Resolves when nothing waits and nothing runs; at once when that is so already. Does not stop new jobs. */
  drain(): Promise<void> {
    if (this.#running === 0 && this.#queued === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #append(entry: Entry): void {
    if (this.#last) this.#last.next = entry;
    else this.#first = entry;
    this.#last = entry;
    this.#queued += 1;
  }

  #fillSlots(): void {
    while (this.#first && this.#running < this.#concurrency) {
      const entry = this.#first;
      this.#first = entry.next;
      if (!this.#first) this.#last = undefined;
      this.#queued -= 1;
      this.#running += 1;
      void this.#occupySlot(entry);
    }
  }

  /**
   * Tells a caller, or a few together while the line is not empty. A hash of 19 MiB leaves nothing in the processor's
   * caches: what a sign-in does after its hash costs the event loop half as much when it is done for four in a row, and
   * the four share one commit. The time of the answers is that of the line; without one, everybody is told at once.
   */
  #tell(settle: () => void): void {
    this.#untold.push(settle);
    if (this.#queued === 0 || this.#untold.length >= TOLD_TOGETHER_PER_SLOT * this.#concurrency) this.#tellAll();
    else this.#tellTimer ??= setTimeout(() => this.#tellAll(), LONGEST_SILENCE_MS);
  }

  #tellAll(): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    for (const settle of this.#untold.splice(0)) settle();
  }

  async #occupySlot(entry: Entry): Promise<void> {
    const startedAt = this.#now();
    const { hasWorked, settle } = await entry.perform();
    // Refused callers cost next to nothing; counting them would promise the others a line that moves faster than it does.
    if (hasWorked) {
      this.#doneTotal += 1;
      // A standstill of the whole process says little about the next job: without a limit, one of half a minute makes the
      // queue refuse for the next fifty.
      const jobMs = Math.min(this.#now() - startedAt, LONGEST_IN_AVERAGES * this.#averageJobMs);
      this.#averageJobMs += NEWEST_SHARE * (jobMs - this.#averageJobMs);
    }
    this.#running -= 1;
    this.#fillSlots();
    this.#tell(settle);
    if (this.#running > 0 || this.#queued > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
