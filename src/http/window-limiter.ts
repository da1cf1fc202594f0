import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** What was counted for a key. A window whose time is up may still be told of: then nothing is left of it. */
export type Window = Pick<RateLimiterRes, 'consumedPoints' | 'msBeforeNext'>;

/**
 * True while a window counts; one that has run out may still be there until the library's timer has come round. One that
 * ends later than twice its length from now was begun by a clock that has been put back since, and would count for ever.
 */
export function isOpen(window: Window | null, durationSeconds: number): window is Window {
  return window !== null && window.msBeforeNext > 0 && window.msBeforeNext <= 2 * durationSeconds * 1_000;
}

/** The part of rate-limiter-flexible that is used here; all its limiters have it. */
export interface WindowLimiter {
  /** Counts one; rejects with the Window instead of an error when that was more than the limiter's points. */
  consume(key: string): Promise<Window>;
  get(key: string): Promise<Window | null>;
}

/** Makes the counter behind a limit: per key a window of `durationSeconds` that starts with the first point. */
export type LimiterFactory = (window: { keyPrefix: string; points: number; durationSeconds: number }) => WindowLimiter;

const MAX_TRACKED_KEYS = 50_000;

/**
 * Makes a limiter in this process's memory that tracks at most `maxKeys` keys; beyond them it forgets the oldest window
 * first. Its timers do not keep the process alive.
 */
export function createMemoryLimiter(
  window: Parameters<LimiterFactory>[0],
  maxKeys: number = MAX_TRACKED_KEYS,
): WindowLimiter {
  const { keyPrefix, points, durationSeconds } = window;
  const memory = new RateLimiterMemory({ keyPrefix, points, duration: durationSeconds });
  // In the order their windows began, which is the order they end in. Ended ones stay until their place is needed.
  const keys = new Set<string>();

  return {
    get: (key) => memory.get(key),
    async consume(key) {
      if ((await memory.get(key)) === null) {
        keys.delete(key);
        keys.add(key);
        for (const oldest of keys) {
          if (keys.size <= maxKeys) break;
          keys.delete(oldest);
          await memory.delete(oldest);
        }
      }
      return memory.consume(key);
    },
  };
}

/** Counts one whether or not a point is left. */
export async function countOne(limiter: WindowLimiter, key: string): Promise<Window> {
  try {
    return await limiter.consume(key);
  } catch (reason) {
    if (reason instanceof RateLimiterRes) return reason;
    throw reason;
  }
}
