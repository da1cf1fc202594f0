import type { Logger } from 'pino';
import { openRedisWindows } from './redis-windows.ts';
import { createSharedLimits, type WindowStore } from './shared-limits.ts';
import {
  createSignInLimits,
  createSignUpLimit,
  type SignInLimitOptions,
  type SignInLimits,
  type SignUpLimit,
} from './sign-in-limits.ts';

export interface RateLimitOptions extends Omit<SignInLimitOptions, 'limiter' | 'now'> {
  /** Most accounts that one network may open in an hour. */
  signUpsPerHour: number;
  /** Where windows are kept for all nodes, before `databaseWindows`. */
  redisUrl?: string;
  /** The same in the database, if that is one that several nodes share. */
  databaseWindows?: WindowStore;
  logger: Logger;
}

export interface RateLimits {
  readonly signIns: SignInLimits;
  readonly signUps: SignUpLimit;
  /** Where networks are counted at this moment: for all nodes together, or on this one alone. */
  readonly scope: 'shared' | 'local' | 'off';
  /** Looks for the place where windows are shared. The database is waited for; Redis is not, and may come later. */
  open(): Promise<void>;
  /** Notices that the place is gone or back; to be called every second or so. Never rejects. */
  check(): Promise<void>;
  close(): void;
}

/** A sign-in waits for the database in any case, and for Redis only if that is quick. */
const answerMs = { redis: 200, database: 1_000 };

/** Puts the limits together: what they count, and where it is kept. */
export function createRateLimits(options: RateLimitOptions): RateLimits {
  const { isOn, redisUrl, databaseWindows, logger, signUpsPerHour } = options;
  const redis = isOn && redisUrl !== undefined ? openRedisWindows(redisUrl) : undefined;
  const store = isOn ? (redis ?? databaseWindows) : undefined;
  const shared = store && createSharedLimits({ store, answerMs: redis ? answerMs.redis : answerMs.database, logger });
  const check = async (): Promise<void> => shared?.check();
  return {
    signIns: createSignInLimits({ ...options, limiter: shared?.limiter }),
    signUps: createSignUpLimit({ isOn, perHour: signUpsPerHour, limiter: shared?.limiter }),
    get scope() {
      if (!isOn) return 'off';
      return shared?.isShared ? 'shared' : 'local';
    },
    open: async () => {
      const opened = check();
      if (redis === undefined) await opened;
    },
    check,
    close: () => {
      shared?.leave();
      redis?.close();
    },
  };
}
