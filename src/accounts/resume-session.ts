import type { AccountDeps } from './deps.ts';
import { lowerCaseEmail, normalizeEmail } from './email.ts';
import { AccountError } from './errors.ts';
import {
  addSeconds,
  hashToken,
  type IssuedToken,
  matchToken,
  type Session,
  slideExpiry,
  successorOf,
} from './session.ts';
import type { CustomerWithGroups, SessionWithCustomer } from './store.ts';

export interface ResumedSession extends CustomerWithGroups {
  session: Session;
  /** Credentials that are valid now: the presented ones, or their successors when tokens rotate. */
  token: IssuedToken;
}

/**
 * Recognises a signed-in customer by client id, token and uid. Costs one read and one or two SHA-256, and for a former uid
 * another read; writes only to rotate or, once a day, to move the expiry on. In rotating mode parallel requests with one token all get the same successor, and
 * the previous token stays valid until its successor is used. Throws `not_signed_in` for anything that does not fit.
 */
export async function resumeSession(
  deps: AccountDeps,
  credentials: { clientId: string; accessToken: string; uid: string },
): Promise<ResumedSession> {
  const found = await deps.store.sessions.findByClientId(credentials.clientId);
  const now = deps.now();
  const match = found && matchToken(found.session, credentials.accessToken, now);
  if (found === undefined || match === undefined) throw new AccountError('not_signed_in');
  const { session, customer, groupIds } = found;
  // Nearly always so; asked here, because a promise more for every request shows.
  const isPresentUid = credentials.uid === session.uid || credentials.uid === customer.email;
  if (!isPresentUid && !(await isUidOf(deps, found, credentials.uid))) throw new AccountError('not_signed_in');
  const uid = lowerCaseEmail(customer.email);
  const { clientId } = session;
  if (deps.rules.sessions.mode === 'rotating') {
    const { accessToken, expiresAt } = await rotated(deps, session, credentials.accessToken, match, now);
    return { customer, groupIds, session, token: { accessToken, clientId, uid, expiresAt } };
  }
  const expiresAt = slideExpiry(session, now, deps.rules.sessions.lifespanSeconds);
  if (expiresAt !== session.expiresAt) {
    await deps.store.transaction((store) => store.sessions.extend(session.id, expiresAt, now));
  }
  // A node that rotates has replaced it, while the mode is changed node by node: its time is short, its successor is told.
  const accessToken =
    match === 'current' ? credentials.accessToken : successorOf(credentials.accessToken, session.rotationSeed);
  return { customer, groupIds, session, token: { accessToken, clientId, uid, expiresAt } };
}

/** An e-mail change keeps sessions: the uid of sign-in, the present one and those in between all pass (decisions, go~mus 6). */
async function isUidOf(deps: AccountDeps, { session, customer }: SessionWithCustomer, uid: string): Promise<boolean> {
  const normalized = normalizeEmail(uid);
  if (normalized === session.uid || normalized === normalizeEmail(customer.email)) return true;
  return deps.store.history.hadEmail(customer.id, normalized);
}

async function rotated(
  deps: AccountDeps,
  session: Session,
  accessToken: string,
  match: 'current' | 'previous',
  now: string,
): Promise<Pick<IssuedToken, 'accessToken' | 'expiresAt'>> {
  const next = successorOf(accessToken, session.rotationSeed);
  if (match === 'previous') return { accessToken: next, expiresAt: session.expiresAt };
  const expiresAt = slideExpiry(session, now, deps.rules.sessions.lifespanSeconds);
  // When a parallel request rotated first this changes nothing, and both callers hold the same successor.
  await deps.store.transaction((store) =>
    store.sessions.rotate(session.id, session.tokenHash, {
      tokenHash: hashToken(next),
      previousTokenHash: session.tokenHash,
      previousValidUntil: addSeconds(now, deps.rules.sessions.previousTokenSeconds),
      expiresAt,
      lastUsedAt: now,
    }),
  );
  return { accessToken: next, expiresAt };
}
