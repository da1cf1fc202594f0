import type { AccountDeps } from './deps.ts';
import { addSeconds } from './session.ts';

/** Removes what has run out: expired sessions, and failure counters whose last lock is more than a day past. */
export async function cleanUp(deps: AccountDeps): Promise<{ sessions: number; attempts: number }> {
  const now = deps.now();
  const dayAgo = addSeconds(now, -86_400 - deps.rules.lock.lockSeconds);
  return deps.store.transaction(async (store) => ({
    sessions: await store.sessions.deleteExpired(now),
    attempts: await store.attempts.deleteOlderThan(dayAgo),
  }));
}
