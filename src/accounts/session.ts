import { createHmac, hash, randomBytes } from 'node:crypto';

/** How tokens live: `stable` keeps the one from sign-in, `rotating` issues a new one per request (decisions, go~mus 1). */
export type TokenMode = 'stable' | 'rotating';

/** One signed-in device. Only SHA-256 digests of tokens are kept; tokens carry 128 random bits. */
export interface Session {
  id: number;
  customerId: number;
  /** 22 url-safe characters, made by the server. */
  clientId: string;
  tokenHash: string;
  previousTokenHash: string | null;
  previousValidUntil: string | null;
  /** Random key from which successors of a token are derived, so that a retry gets the same successor on any node. */
  rotationSeed: string;
  /** The uid announced at sign-in; it stays valid for this session after an e-mail change. */
  uid: string;
  expiresAt: string;
  createdAt: string;
  lastUsedAt: string;
  /** Digest of the network that signed in; lets the owner keep a failure counter apart from strangers. */
  networkHash: string | null;
}

export type NewSession = Omit<Session, 'id'>;

/** What the five token headers are made of. `expiresAt` is ISO 8601; the wire wants unix seconds. */
export interface IssuedToken {
  accessToken: string;
  clientId: string;
  uid: string;
  expiresAt: string;
}

/** The limits of sessions, all settable. */
export interface SessionRules {
  mode: TokenMode;
  lifespanSeconds: number;
  maxDevices: number;
  /** How long the previous token outlives a rotation while its successor is unused. */
  previousTokenSeconds: number;
}

/** Makes a fresh token or client id: 16 random bytes as 22 url-safe characters. */
export function mintToken(): string {
  return randomBytes(16).toString('base64url');
}

/** Digest under which a token is stored. Synchronous on purpose: it must not wait behind password hashes. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Digest of a caller's network as kept with sessions; undefined networks have none. */
export function hashNetwork(network: string | undefined): string | null {
  return network === undefined ? null : hash('sha256', `network:${network}`, 'base64url');
}

/**
 * The token that follows `token` in a session: HMAC-SHA-256 under the session's seed, 128 bits. Deterministic, so
 * parallel requests with one token, on any node, all learn the same successor; who holds only the database cannot
 * compute it, because the token itself is not stored.
 */
export function successorOf(token: string, rotationSeed: string): string {
  return createHmac('sha256', rotationSeed).update(token).digest().subarray(0, 16).toString('base64url');
}

/** Compares two digests, looking at every character whatever the first difference. */
export function sameDigest(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}

/** Which of a session's tokens was presented, or undefined when neither fits or it is past its time. */
export function matchToken(session: Session, token: string, now: string): 'current' | 'previous' | undefined {
  if (session.expiresAt <= now) return undefined;
  const digest = hashToken(token);
  if (sameDigest(session.tokenHash, digest)) return 'current';
  if (session.previousTokenHash === null || session.previousValidUntil === null) return undefined;
  return sameDigest(session.previousTokenHash, digest) && session.previousValidUntil > now ? 'previous' : undefined;
}

/** Adds seconds to an ISO time and gives ISO again. */
export function addSeconds(iso: string, seconds: number): string {
  return new Date(Date.parse(iso) + seconds * 1000).toISOString();
}

/**
 * The expiry a session should have when used now: it slides at most once a day, of a short life at half of it, and never goes
 * back, because clients keep the headers only when the expiry did not decrease (gomus 4).
 */
export function slideExpiry(session: Pick<Session, 'expiresAt'>, now: string, lifespanSeconds: number): string {
  const remainingMs = Date.parse(session.expiresAt) - Date.parse(now);
  const isWorthWriting = lifespanSeconds * 1000 - remainingMs >= Math.min(86_400_000, (lifespanSeconds * 1000) / 2);
  return isWorthWriting ? addSeconds(now, lifespanSeconds) : session.expiresAt;
}
