import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
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
 * Recognises a signed-in customer by client id, token and uid. Costs one read and two SHA-256; writes only to rotate or,
 * once a day, to move the expiry on. In rotating mode parallel requests with one token all get the same successor, and
 * the previous token stays valid until its successor is used. Throws `not_signed_in` for anything that does not fit.
 */
export async function resumeSession(
  deps: AccountDeps,
  credentials: { clientId: string; accessToken: string; uid: string },
): Promise<ResumedSession> {
  const found = await deps.store.sessions.findByClientId(credentials.clientId);
  const now = deps.now();
  const match = found && matchToken(found.session, credentials.accessToken, now);
  if (found === undefined || match === undefined || !(await isUidOf(deps, found, credentials.uid))) {
    throw new AccountError('not_signed_in');
  }
  const { session, customer, groupIds } = found;
  const token =
    deps.rules.sessions.mode === 'rotating'
      ? await rotated(deps, session, credentials.accessToken, match, now)
      : await kept(deps, session, credentials.accessToken, now);
  return { customer, groupIds, session, token: { ...token, uid: customer.email.toLowerCase() } };
}

/** An e-mail change keeps sessions: the uid of sign-in, the present one and those in between all pass (decisions, go~mus 6). */
async function isUidOf(deps: AccountDeps, { session, customer }: SessionWithCustomer, uid: string): Promise<boolean> {
  if (uid === session.uid || uid === customer.email) return true;
  const normalized = normalizeEmail(uid);
  if (normalized === session.uid || normalized === normalizeEmail(customer.email)) return true;
  return deps.store.history.hadEmail(customer.id, normalized);
}

async function kept(deps: AccountDeps, session: Session, accessToken: string, now: string): Promise<IssuedToken> {
  const expiresAt = slideExpiry(session, now, deps.rules.sessions.lifespanSeconds);
  if (expiresAt !== session.expiresAt) {
    await deps.store.transaction((store) => store.sessions.extend(session.id, expiresAt, now));
  }
  return { accessToken, clientId: session.clientId, uid: session.uid, expiresAt };
}

async function rotated(
  deps: AccountDeps,
  session: Session,
  accessToken: string,
  match: 'current' | 'previous',
  now: string,
): Promise<IssuedToken> {
  const next = successorOf(accessToken, session.rotationSeed);
  const token = { accessToken: next, clientId: session.clientId, uid: session.uid, expiresAt: session.expiresAt };
  if (match === 'previous') return token;
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
  return { ...token, expiresAt };
}
