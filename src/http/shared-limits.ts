import type { Logger } from 'pino';
import { hashNetwork } from '../accounts/session.ts';
import { countOne, createMemoryLimiter, isOpen, type LimiterFactory, type Window } from './window-limiter.ts';

/** Keeps windows where all nodes see them. Its limiters reject while it cannot be reached. */
export interface WindowStore {
  limiter: LimiterFactory;
  /** Resolves when windows can be counted in it, and connects anew where it must; rejects otherwise. */
  check(): Promise<void>;
}

export interface SharedLimitsOptions {
  store: WindowStore;
  /** How long a caller waits for the store. */
  answerMs: number;
  logger: Pick<Logger, 'warn' | 'info'>;
}

/** Limiters whose windows hold on all nodes for as long as the store is there, and on this node always. */
export interface SharedLimits {
  readonly limiter: LimiterFactory;
  /** False while only this node's own windows hold. */
  readonly isShared: boolean;
  /** Looks whether the store is there; to be called every second or so. Never rejects, and may take its time. */
  check(): Promise<void>;
  /** Leaves the store to be closed: from now on nobody asks it, nor misses it. */
  leave(): void;
}

/**
 * Counts everything twice, in the store and in this process, and lets the higher count hold: a node never forgets what it
 * has seen itself, so that a guesser gains nothing from the store's end or its empty beginning. From the first call that
 * fails or takes longer than `answerMs` until a `check` succeeds, nobody waits for the store. Logs when it goes and when
 * it is back, once each. Networks leave this process as digests.
 */
export function createSharedLimits({ store, answerMs, logger }: SharedLimitsOptions): SharedLimits {
  let state: 'untried' | 'shared' | 'local' | 'left' = 'untried';
  let isChecking = false;

  const lose = (error: unknown): void => {
    if (state === 'local' || state === 'left') return;
    state = 'local';
    logger.warn({ err: error }, 'rate limits are counted by this node alone');
  };
  const ask = async (call: () => Promise<Window | null>): Promise<Window | null> => {
    if (state !== 'shared') return null;
    try {
      return await withinMs(answerMs, call());
    } catch (error) {
      lose(error);
      return null;
    }
  };

  return {
    limiter: (options) => {
      const own = createMemoryLimiter(options);
      const shared = store.limiter(options);
      const fullerOf = (one: Window | null, other: Window | null) => fuller(one, other, options.durationSeconds);
      return {
        async consume(key) {
          const seenHere = await countOne(own, key);
          return fullerOf(seenHere, await ask(() => countOne(shared, digestOf(key)))) ?? seenHere;
        },
        async get(key) {
          return fullerOf(await own.get(key), await ask(() => shared.get(digestOf(key))));
        },
      };
    },
    get isShared() {
      return state === 'shared';
    },
    async check() {
      if (isChecking) return;
      isChecking = true;
      try {
        await store.check();
        if (state === 'local') logger.info('rate limits are shared with the other nodes again');
        if (state !== 'left') state = 'shared';
      } catch (error) {
        lose(error);
      } finally {
        isChecking = false;
      }
    },
    leave() {
      state = 'left';
    },
  };
}

/** What the sessions keep of a network, too: an address is nobody's name for long, but no reason to write it down. */
function digestOf(network: string): string {
  return hashNetwork(network) ?? '';
}

/** Of two windows that count the one with more in it. */
function fuller(one: Window | null, other: Window | null, durationSeconds: number): Window | null {
  if (!isOpen(one, durationSeconds)) return other;
  if (!isOpen(other, durationSeconds)) return one;
  return other.consumedPoints >= one.consumedPoints ? other : one;
}

async function withinMs<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    // A busy process may be late itself: what has arrived meanwhile is read before the timer has the last word.
    timer = setTimeout(() => setImmediate(() => reject(new Error(`No answer within ${ms} ms`))), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
