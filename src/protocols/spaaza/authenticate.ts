import type { FastifyRequest } from 'fastify';
import { type Actor, mayDo, type RequestContext, type Scope } from '../../accounts/access.ts';
import { AccountError } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';

/** The right a route asks for, under the name its refusals show. */
export function resourceOf(scope: Scope): string {
  return `Spaaza_Loyalty::${scope}`;
}

/**
 * Recognises the caller by `Authorization: Bearer <key>`: exactly two pieces, the first in any case (magento-webapi
 * 2.2). Throws `key_unknown` or `forbidden`, which are one and the same 401 on this wire.
 */
export function requireScope(accounts: Accounts, request: FastifyRequest, scope: Scope): Actor {
  const header = request.headers.authorization;
  const key = header?.length !== undefined && /^bearer ([^\s]+)$/i.exec(header)?.[1];
  if (!key) throw new AccountError('key_unknown');
  const actor = accounts.directory.partnerByKey(key);
  if (!mayDo(actor, scope)) throw new AccountError('forbidden');
  return actor;
}

/** What the verbs are told about a request of this wire. */
export function contextOf(request: FastifyRequest, actor: Actor, network: string | undefined): RequestContext {
  return { actor, origin: 'spaaza', requestId: request.id, network };
}
