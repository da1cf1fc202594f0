import type { LoyaltyPlatformError } from '../accounts/loyalty-platform.ts';
import type { QueueRow } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';

/** What becomes of a row whose try failed: tried again at a time, given up, or given back until the chain is mended. */
export type NextStep =
  | { step: 'retry'; dueAt: string; attempts: number; firstFailedAt: string }
  | { step: 'bury'; attempts: number; firstFailedAt: string; isGivenUp: boolean }
  | { step: 'pause' };

const baseSeconds = 2;
/** Of our own waiting, and of what is believed of the platform's: its clock, or its mistake, must not hold a row for years. */
const longestSeconds = 3_600;
/** A row that has failed for this long is given up. */
const giveUpSeconds = 86_400;

/**
 * Decides by what a failure means. `transient`: exponential back-off with full jitter, no sooner than the platform asked
 * for, within an hour, until a day has passed since the first failure. `refused`: given up at once, whatever the HTTP status was, because
 * the same request will be refused again. `chain`: no fault of the row. `random` is in [0, 1).
 */
export function nextStep(
  failure: Pick<LoyaltyPlatformError, 'kind' | 'retryAfterSeconds'>,
  row: Pick<QueueRow, 'attempts' | 'firstFailedAt'>,
  now: string,
  random: number,
): NextStep {
  if (failure.kind === 'chain') return { step: 'pause' };
  const attempts = row.attempts + 1;
  const firstFailedAt = row.firstFailedAt ?? now;
  const isGivenUp = failure.kind === 'transient' && addSeconds(firstFailedAt, giveUpSeconds) <= now;
  if (failure.kind === 'refused' || isGivenUp) return { step: 'bury', attempts, firstFailedAt, isGivenUp };
  const backOffSeconds = random * Math.min(longestSeconds, baseSeconds * 2 ** Math.min(row.attempts, 30));
  const waitSeconds = Math.max(backOffSeconds, Math.min(longestSeconds, failure.retryAfterSeconds ?? 0));
  return { step: 'retry', dueAt: addSeconds(now, waitSeconds), attempts, firstFailedAt };
}

const firstPauseSeconds = 300;
const longestPauseSeconds = 3_600;

/** How long a chain rests that was paused `pauseCount` times since its last success: 5 minutes, doubling up to an hour. */
export function pauseSeconds(pauseCount: number): number {
  return Math.min(longestPauseSeconds, firstPauseSeconds * 2 ** Math.min(pauseCount, 30));
}
