import { mayDo, type RequestContext, type Scope } from './access.ts';
import { AccountError } from './errors.ts';

/** Throws `forbidden` unless the actor may do what the scope names. */
export function requireScope(context: RequestContext, scope: Scope): void {
  if (!mayDo(context.actor, scope)) throw new AccountError('forbidden');
}

/** Throws `forbidden` unless an operator acts, or the system itself: no key may do this. */
export function requireOperator({ actor }: RequestContext): void {
  if (actor.kind !== 'operator' && actor.kind !== 'system') throw new AccountError('forbidden');
}
