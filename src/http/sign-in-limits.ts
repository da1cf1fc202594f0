import { AccountError, secondsToWait } from '../accounts/errors.ts';
import { type Leave, WaitingLines } from './waiting-lines.ts';
import { countOne, createMemoryLimiter, isOpen, type LimiterFactory } from './window-limiter.ts';

export interface SignInCaller {
  /** As `networkOf` names it; callers without one share a single allowance. */
  network?: string;
  /** Id of the API key the request was authenticated with, if any. */
  keyId?: number;
}

export interface SignInLimits {
  /**
   * Lets an attempt begin; call what it gives when the attempt is over and recorded. Throws `rate_limited` with
   * `retryAfterSeconds` when this caller has used up its failures. While the attempts under way could use them up, were
   * they all to fail, the next ones wait in line: a burst of guesses gets no further than one guess after another would,
   * and a burst of right passwords passes whole. Throws `overloaded` when the line is too long or stands too long.
   */
  admit(caller: SignInCaller): Promise<Leave>;
  /**
   * Lets begin what hashes a password and is no attempt, a sign-up for instance; call what it gives when it is over. As many
   * of a network are under way as attempts of one without failures; the next ones wait in a line of their own, so that they
   * do not push everybody else's out. Throws `overloaded` as `admit` does.
   */
  standInLine(network: string | undefined): Promise<Leave>;
  /**
   * Tells how an admitted attempt ended. A failure is what has wrong credentials or meets a lock; an attempt that was
   * shed, or refused for another reason, is not told at all.
   */
  record(caller: SignInCaller, outcome: 'success' | 'failure'): Promise<void>;
}

export interface SignUpLimit {
  /** Counts one sign-up of this network. Throws `rate_limited` with `retryAfterSeconds` when that was one too many. */
  admit(network: string | undefined): Promise<void>;
}

export interface SignInLimitOptions {
  isOn: boolean;
  /** Wrong credentials a network may send before it is refused. At least 1. */
  failuresPerFiveMinutes: number;
  /** How long an attempt may stand in its caller's line. */
  maxWaitMs: number;
  /** Most attempts that stand in line, of all callers together. */
  maxWaiting: number;
  /** A monotonic clock in milliseconds for the failure ratios; the windows of `limiter` keep their own time. */
  now?: () => number;
  limiter?: LimiterFactory;
}

/** When a minute of attempts looks like guessing. */
interface Alarm {
  attempts: number;
  failedPercent: number;
}

const FAILURE_WINDOW_SECONDS = 5 * 60;
const SIGN_UP_WINDOW_SECONDS = 60 * 60;
/** One key speaks for many customers, so that only the share of failures tells guessing from a busy day. */
const KEY_ALARM: Alarm = { attempts: 100, failedPercent: 90 };
/** Stuffing from many networks shows only in the sum; people alone do not mistype four times out of five. */
const INSTANCE_ALARM: Alarm = { attempts: 200, failedPercent: 80 };
const FEWEST_FAILURES_IN_ALARM = 3;
/** Exempting callers whose address cannot be read would invite unreadable addresses. */
const UNKNOWN_NETWORK = 'unknown';

/**
 * Guards sign-in against guessing that the account lock does not see: many accounts tried from one network, through one
 * API key, or from many networks at once. A key's caller is measured by its failure ratio only, as all requests of a
 * partner come from a few servers; everyone else by failures per network, fewer of them while the whole instance is
 * under attack. Ratios are counted per process, and so are attempts under way. Does nothing when `isOn` is false.
 */
export function createSignInLimits(options: SignInLimitOptions): SignInLimits {
  if (!options.isOn) return { admit: async () => () => {}, standInLine: async () => () => {}, record: async () => {} };

  const {
    failuresPerFiveMinutes,
    maxWaitMs,
    maxWaiting,
    now = () => performance.now(),
    limiter: createLimiter = createMemoryLimiter,
  } = options;
  const failuresInAlarm = Math.min(
    failuresPerFiveMinutes,
    Math.max(FEWEST_FAILURES_IN_ALARM, Math.floor(failuresPerFiveMinutes / 10)),
  );
  const failures = createLimiter({
    keyPrefix: 'sign-in',
    points: failuresPerFiveMinutes,
    durationSeconds: FAILURE_WINDOW_SECONDS,
  });
  const keyless = new SlidingMinute();
  // Not bounded: it holds no more than the keys an operator has issued.
  const byKey = new Map<number, SlidingMinute>();

  const lines = new WaitingLines({ maxWaitMs, maxWaiting });

  const roomOfKey = async (keyId: number): Promise<number> => {
    const calmInMs = byKey.get(keyId)?.msUntilCalm(KEY_ALARM, now()) ?? 0;
    if (calmInMs > 0) throw rateLimited(calmInMs);
    return KEY_ALARM.attempts;
  };
  const roomOfNetwork = async (network: string): Promise<number> => {
    const window = await failures.get(network);
    const counting = isOpen(window, FAILURE_WINDOW_SECONDS) ? window : undefined;
    const used = counting?.consumedPoints ?? 0;
    if (counting && used >= failuresPerFiveMinutes) throw rateLimited(counting.msBeforeNext);
    const calmInMs = keyless.msUntilCalm(INSTANCE_ALARM, now());
    if (calmInMs === 0) return failuresPerFiveMinutes - used;
    if (counting && used >= failuresInAlarm) throw rateLimited(Math.min(calmInMs, counting.msBeforeNext));
    return failuresInAlarm - used;
  };

  return {
    admit: ({ network = UNKNOWN_NETWORK, keyId }) =>
      keyId === undefined
        ? lines.enter(`network ${network}`, () => roomOfNetwork(network))
        : lines.enter(`key ${keyId}`, () => roomOfKey(keyId)),

    standInLine: (network = UNKNOWN_NETWORK) => lines.enter(`work of ${network}`, async () => failuresPerFiveMinutes),

    async record({ network = UNKNOWN_NETWORK, keyId }, outcome) {
      const isFailure = outcome === 'failure';
      if (keyId !== undefined) {
        const minute = byKey.get(keyId) ?? new SlidingMinute();
        byKey.set(keyId, minute);
        minute.add(isFailure, now());
        return;
      }
      keyless.add(isFailure, now());
      // A success does not give failures back: a guesser could sign in to an account of its own in between.
      if (isFailure) await countOne(failures, network);
    },
  };
}

/** Limits how many accounts one network may open in an hour, counting every try. Does nothing when `isOn` is false. */
export function createSignUpLimit(options: { isOn: boolean; perHour: number; limiter?: LimiterFactory }): SignUpLimit {
  if (!options.isOn) return { admit: async () => {} };

  const { perHour, limiter: createLimiter = createMemoryLimiter } = options;
  const signUps = createLimiter({ keyPrefix: 'sign-up', points: perHour, durationSeconds: SIGN_UP_WINDOW_SECONDS });
  return {
    async admit(network = UNKNOWN_NETWORK) {
      const window = await countOne(signUps, network);
      if (isOpen(window, SIGN_UP_WINDOW_SECONDS) && window.consumedPoints > perHour) {
        throw rateLimited(window.msBeforeNext);
      }
    },
  };
}

function rateLimited(ms: number): AccountError {
  return new AccountError('rate_limited', { retryAfterSeconds: secondsToWait(ms) });
}

const BUCKET_MS = 5_000;
const BUCKETS = 12;

/** Attempts and failures of the last minute, to five seconds. */
class SlidingMinute {
  readonly #attempts = new Array<number>(BUCKETS).fill(0);
  readonly #failures = new Array<number>(BUCKETS).fill(0);
  /** Number of the newest bucket, counted from the zero of the clock; its place in the ring is the remainder. */
  #newest = 0;

  add(isFailure: boolean, nowMs: number): void {
    this.#advance(nowMs);
    const place = this.#newest % BUCKETS;
    this.#attempts[place]! += 1;
    if (isFailure) this.#failures[place]! += 1;
  }

  /** Time until enough of the minute is past to end the alarm, were nothing more to happen; 0 when there is none. */
  msUntilCalm(alarm: Alarm, nowMs: number): number {
    this.#advance(nowMs);
    let attempts = this.#attempts.reduce((sum, count) => sum + count, 0);
    let failures = this.#failures.reduce((sum, count) => sum + count, 0);
    let waitMs = 0;
    for (let bucket = this.#newest + 1; bucket <= this.#newest + BUCKETS; bucket += 1) {
      if (attempts < alarm.attempts || failures * 100 < attempts * alarm.failedPercent) break;
      // The place after the newest holds the oldest; it is cleared when bucket number `bucket` begins.
      attempts -= this.#attempts[bucket % BUCKETS]!;
      failures -= this.#failures[bucket % BUCKETS]!;
      waitMs = bucket * BUCKET_MS - nowMs;
    }
    return waitMs;
  }

  #advance(nowMs: number): void {
    const current = Math.floor(nowMs / BUCKET_MS);
    for (let bucket = Math.max(this.#newest + 1, current - BUCKETS + 1); bucket <= current; bucket += 1) {
      this.#attempts[bucket % BUCKETS] = 0;
      this.#failures[bucket % BUCKETS] = 0;
    }
    this.#newest = Math.max(this.#newest, current);
  }
}
