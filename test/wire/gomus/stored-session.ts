import type { Session } from '../../../src/accounts/session.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

const daySeconds = 86_400;

/** The session of a device as it is stored. */
export async function storedSession(server: ServerUnderTest, clientId: string): Promise<Session> {
  const found = await server.app.store.sessions.findByClientId(clientId);
  if (found === undefined) throw new Error('There is no such session');
  return found.session;
}

/** Rewrites a stored session: the clock of the server cannot be moved from outside, so the row is aged instead. */
export async function rewriteSession(
  server: ServerUnderTest,
  clientId: string,
  changes: Partial<Omit<Session, 'id'>>,
): Promise<void> {
  const { id, ...session } = await storedSession(server, clientId);
  await server.app.store.transaction(async ({ sessions }) => {
    await sessions.delete(id);
    await sessions.insert({ ...session, ...changes });
  });
}

/** The moment so many days from now, as it is stored. */
export function daysFromNow(days: number): string {
  return new Date(Date.now() + days * daySeconds * 1000).toISOString();
}

/** Unix seconds of a stored moment, as the wire shows them. */
export function unixSeconds(iso: string): string {
  return String(Math.floor(Date.parse(iso) / 1000));
}
