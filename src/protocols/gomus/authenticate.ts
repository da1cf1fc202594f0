import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, mayDo, type RequestContext, type Scope } from '../../accounts/access.ts';
import { AccountError } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';
import type { ResumedSession } from '../../accounts/resume-session.ts';
import type { IssuedToken } from '../../accounts/session.ts';
import { authHeaders, bearerKey, readCredentials } from './credentials.ts';

/** The credentials a request carries, or undefined; headers first, then query and body, then `Authorization`. */
export function credentialsOf(
  request: FastifyRequest,
): { accessToken: string; clientId: string; uid: string } | undefined {
  const found = readCredentials({
    headers: request.headers,
    query: request.query as Record<string, unknown>,
    body: bodyOf(request),
  });
  return found && { accessToken: found.accessToken, clientId: found.client, uid: found.uid };
}

/** Recognises the signed-in customer and puts the five token headers on the answer. Throws `not_signed_in`. */
export async function requireCustomer(
  accounts: Accounts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ResumedSession> {
  const credentials = credentialsOf(request);
  if (credentials === undefined) throw new AccountError('not_signed_in');
  const session = await accounts.resumeSession(credentials);
  announce(reply, session.token);
  return session;
}

/**
 * Recognises the API key of a partner. No key: `forbidden`, as for a customer's token; a wrong one: `key_unknown`. With
 * `scope`, a key that lacks it is `forbidden` before its body is looked at; the verbs ask again.
 */
export function requirePartner(accounts: Accounts, request: FastifyRequest, scope?: Scope): Actor {
  const key = bearerKey(request.headers);
  if (key === undefined) throw new AccountError('forbidden');
  const partner = accounts.directory.partnerByKey(key);
  if (scope !== undefined && !mayDo(partner, scope)) throw new AccountError('forbidden');
  return partner;
}

/** Puts a token on the answer; a later call replaces it (a changed e-mail changes the uid). */
export function announce(reply: FastifyReply, token: IssuedToken): void {
  reply.headers(
    authHeaders({
      accessToken: token.accessToken,
      client: token.clientId,
      uid: token.uid,
      expiry: Math.floor(Date.parse(token.expiresAt) / 1000),
    }),
  );
}

/** Takes the token headers off again: a session that has ended announces nothing (gomus 2.5). */
export function dropTokenHeaders(reply: FastifyReply): void {
  for (const name of ['access-token', 'token-type', 'client', 'expiry', 'uid', 'authorization'])
    reply.removeHeader(name);
}

/** The decoded body, which the adapter's preValidation hook put in place. */
export function bodyOf(request: FastifyRequest): Record<string, unknown> {
  return (request.body ?? {}) as Record<string, unknown>;
}

/** What the verbs are told about a request of this wire. */
export function contextOf(request: FastifyRequest, actor: Actor, network: string | undefined): RequestContext {
  return { actor, origin: 'gomus', requestId: request.id, network };
}
