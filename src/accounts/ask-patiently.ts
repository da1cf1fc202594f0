import { setTimeout as sleep } from 'node:timers/promises';
import {
  type LoyaltyPlatform,
  LoyaltyPlatformError,
  type PlatformCall,
  type PlatformIdentity,
  type PlatformUser,
} from './loyalty-platform.ts';

/** Pauses between tries. A long run must not end with one lost answer, and whoever waits for it wants to know soon. */
const pausesMs = [600, 1_200, 2_400, 4_800];
/** Longer than this nobody at a terminal is kept waiting without a word. */
const longestPauseSeconds = 60;

/**
 * Asks the platform for a person as `fetchUser` does, and asks again after a transient failure, not before the platform
 * wants to be asked. Throws what the last try threw.
 */
export async function askPatiently(
  platform: LoyaltyPlatform,
  by: PlatformIdentity,
  call: PlatformCall = {},
): Promise<PlatformUser | undefined> {
  for (const pauseMs of pausesMs) {
    try {
      return await platform.fetchUser(by, call);
    } catch (error) {
      if (!(error instanceof LoyaltyPlatformError) || error.kind !== 'transient') throw error;
      const wantedSeconds = error.retryAfterSeconds ?? 0;
      if (wantedSeconds > longestPauseSeconds) throw error;
      await sleep(Math.max(pauseMs, wantedSeconds * 1000), undefined, { signal: call.signal });
    }
  }
  return platform.fetchUser(by, call);
}
