import type { AccountDeps } from '../accounts/deps.ts';
import { LoyaltyPlatformError } from '../accounts/loyalty-platform.ts';
import type { Claim, QueueFailure, QueueRow } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';
import { NotYet } from './job.ts';
import { nextStep, pauseSeconds } from './retry.ts';

/** What became of a row whose try failed. */
export type Settled = 'retried' | 'dead' | 'paused' | 'waiting';

/**
 * Notes a failed try and gives the row back, for whenever the failure's meaning says. A row that was changed meanwhile is
 * never given up: the new state may pass. `payload` is kept with a row that is given up.
 */
export async function settleFailure(
  deps: AccountDeps,
  row: QueueRow,
  claim: Claim,
  error: unknown,
  payload: string | null,
  random: number,
): Promise<Settled> {
  const now = deps.now();
  const { store } = deps;
  if (error instanceof NotYet) {
    const { attempts, firstFailedAt, errorCode, errorText } = row;
    const dueAt = addSeconds(now, error.waitSeconds);
    await store.transaction(({ queue }) =>
      queue.postpone(claim, { attempts, firstFailedAt, dueAt, errorCode, errorText }),
    );
    return 'waiting';
  }
  const failure =
    error instanceof LoyaltyPlatformError
      ? error
      : // A fault of ours: it must neither hammer the platform nor hold up other customers.
        new LoyaltyPlatformError('transient', 'Foyer failed; its log says why', { codeName: 'internal' });
  const next = nextStep(failure, row, now, random);
  if (next.step === 'pause') {
    await pauseChain(deps, claim, failure);
    return 'paused';
  }
  const noted: QueueFailure = {
    attempts: next.attempts,
    firstFailedAt: next.firstFailedAt,
    dueAt: next.step === 'retry' ? next.dueAt : now,
    errorCode: codeOf(failure),
    errorText: next.step === 'bury' && next.isGivenUp ? `Given up after a day. ${failure.message}` : failure.message,
  };
  return store.transaction(async ({ queue }) => {
    if (next.step === 'bury') {
      if (await queue.bury(claim, noted, payload)) return 'dead';
      await queue.postpone(claim, { ...noted, firstFailedAt: null, errorCode: null, errorText: null });
    } else {
      await queue.postpone(claim, noted);
    }
    return 'retried';
  });
}

/** Nothing of the chain is sent before its credential or configuration was mended; all nodes see it. */
async function pauseChain(deps: AccountDeps, claim: Claim, failure: LoyaltyPlatformError): Promise<void> {
  const { chainId } = claim;
  await deps.store.transaction(async ({ queue, chainStates }) => {
    const now = deps.now();
    const { pauseCount } = await chainStates.find(chainId);
    const pause = {
      pausedUntil: addSeconds(now, pauseSeconds(pauseCount)),
      pauseReason: `${codeOf(failure)}: ${failure.message}`,
      pauseCount: pauseCount + 1,
    };
    await chainStates.pause(chainId, pause, now);
    await queue.release(claim);
  });
}

function codeOf({ code, codeName, kind }: LoyaltyPlatformError): string {
  if (code !== undefined) return String(code);
  return codeName ?? (kind === 'transient' ? 'unreachable' : kind);
}
