import type { AccountDeps } from './deps.ts';
import { AccountError, secondsToWait } from './errors.ts';
import type { PasswordCheck } from './password.ts';
import { addSeconds } from './session.ts';
import type { FailedAttempts } from './store.ts';

/**
 * Checks a password and counts a wrong one under `key`. One hash of work. Throws `account_locked` while the counter is
 * locked, `invalid_credentials` for a wrong password, `overloaded` when too many checks wait. After a right one the
 * caller clears the counter (`hadFailures`), in the transaction of what it does next.
 */
export async function checkCounted(
  deps: AccountDeps,
  key: string,
  password: string,
  storedHash: string | null | undefined,
): Promise<PasswordCheck & { hadFailures: boolean }> {
  let hadFailures = false;
  const refuseIfLocked = async (): Promise<void> => {
    const attempts = await deps.store.attempts.find(key);
    hadFailures = attempts !== undefined;
    const lockedUntil = attempts?.lockedUntil ?? null;
    const now = deps.now();
    if (lockedUntil !== null && isLockHolding(lockedUntil, now, deps.rules.lock.lockSeconds)) {
      throw new AccountError('account_locked', { retryAfterSeconds: secondsBetween(now, lockedUntil) });
    }
  };
  const refuse = async (): Promise<never> => {
    throw await countFailure(deps, key);
  };
  await refuseIfLocked();
  // Asked again when the hash is about to start, and counted before the next may: parallel guesses cannot outrun the
  // counter by more than are hashed at once.
  const check = await deps.passwords.check(password, storedHash, refuseIfLocked, refuse);
  return { ...check, hadFailures };
}

async function countFailure(deps: AccountDeps, key: string): Promise<AccountError> {
  const { maxFailures, lockSeconds } = deps.rules.lock;
  const now = deps.now();
  const lockedNow = await deps.store.transaction(async (store) => {
    const earlier = await store.attempts.find(key);
    const attempts = nextAttempts(earlier, key, now, maxFailures, lockSeconds);
    await store.attempts.save(attempts);
    return attempts.lockedUntil !== null;
  });
  return new AccountError('invalid_credentials', lockedNow ? { lockedNow, retryAfterSeconds: lockSeconds } : {});
}

/**
 * True until a lock has run out. One that ends later than twice its length from now was set by a clock that has been put
 * back since, and holds nobody: they would be locked out until the clock is there again.
 */
export function isLockHolding(lockedUntil: string, now: string, lockSeconds: number): boolean {
  return lockedUntil > now && lockedUntil <= addSeconds(now, 2 * lockSeconds);
}

/** Counts one more failure; a lock that has run out starts the count anew (magento-webapi 8.2). */
export function nextAttempts(
  earlier: FailedAttempts | undefined,
  key: string,
  now: string,
  maxFailures: number,
  lockSeconds: number,
): FailedAttempts {
  const isLockOver = earlier?.lockedUntil != null && !isLockHolding(earlier.lockedUntil, now, lockSeconds);
  const failures = earlier === undefined || isLockOver ? 1 : earlier.failures + 1;
  const firstFailedAt = failures === 1 ? now : (earlier?.firstFailedAt ?? now);
  const lockedUntil = failures >= maxFailures ? addSeconds(now, lockSeconds) : null;
  return { key, failures, firstFailedAt, lockedUntil };
}

function secondsBetween(from: string, to: string): number {
  return secondsToWait(Date.parse(to) - Date.parse(from));
}
