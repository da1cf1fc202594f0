import type { AccountDeps } from './deps.ts';

/** Signs one device out; the customer's other sessions go on. */
export async function signOut(deps: AccountDeps, input: { sessionId: number }): Promise<void> {
  await deps.store.transaction((store) => store.sessions.delete(input.sessionId));
}
