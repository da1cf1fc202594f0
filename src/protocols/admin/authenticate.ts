import type { FastifyRequest } from 'fastify';
import { mayDo, type RequestContext } from '../../accounts/access.ts';
import { AccountError } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';

/**
 * Recognises the caller by `Authorization: Bearer <key>`. Throws `key_unknown` without a key and for a wrong one,
 * `forbidden` for a key without `admin_read`: before anything else is looked at; the verbs ask again.
 */
export function requireAdmin(accounts: Accounts, request: FastifyRequest, network: string | undefined): RequestContext {
  const key = /^bearer +([\x21-\x7e]{1,4096}) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (key === undefined) throw new AccountError('key_unknown');
  const actor = accounts.directory.partnerByKey(key);
  if (!mayDo(actor, 'admin_read')) throw new AccountError('forbidden');
  return { actor, origin: 'operator', requestId: request.id, network };
}
