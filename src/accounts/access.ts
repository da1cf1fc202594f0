/**
 * What an API key may be allowed to do; all wires use the same words. None contains another: `admin_read` is for the
 * admin API alone, which the other three do not open.
 */
export const scopes = ['customer_authenticate', 'customer_read', 'customer_write', 'admin_read'] as const;
export type Scope = (typeof scopes)[number];

/** Who acts. `id` is the customer's, `keyId` the key's; operators are named by the CLI or console. */
export type Actor =
  | { kind: 'customer'; id: number }
  | { kind: 'partner'; keyId: number; name: string; scopes: readonly Scope[]; websiteId: number | null }
  | { kind: 'operator'; name: string }
  | { kind: 'system' }
  | { kind: 'anonymous' };

/** Where a change entered: it is written beside each changed field and decides what is pushed where. */
export type Origin = 'gomus' | 'spaaza' | 'pull' | 'webhook' | 'push' | 'operator' | 'import' | 'system';

/** What every verb is told about the request it serves. */
export interface RequestContext {
  actor: Actor;
  origin: Origin;
  /** Id of the request, also on the answer and in the log. */
  requestId: string;
  /** The caller's network, /32 for IPv4 and /64 for IPv6; undefined when no network is involved (CLI). */
  network?: string;
}

/** Tells whether an actor may do what a scope names. Operators and the system may do everything. */
export function mayDo(actor: Actor, scope: Scope): boolean {
  if (actor.kind === 'operator' || actor.kind === 'system') return true;
  return actor.kind === 'partner' && actor.scopes.includes(scope);
}

/** Tells whether an actor may touch customers of a website; a key may be bound to one. */
export function mayTouchWebsite(actor: Actor, websiteId: number): boolean {
  return actor.kind !== 'partner' || actor.websiteId === null || actor.websiteId === websiteId;
}

/** Tells whether somebody waits for the answer: what comes by itself, and what was asked for in the background, has no caller. */
export function hasCaller({ origin }: RequestContext): boolean {
  return origin !== 'webhook' && origin !== 'pull' && origin !== 'push';
}

/** A short text for the history: `customer 402`, `key 3 (spaaza)`, `operator anna`. */
export function describeActor(actor: Actor): string {
  switch (actor.kind) {
    case 'customer':
      return `customer ${actor.id}`;
    case 'partner':
      return `key ${actor.keyId} (${actor.name})`;
    case 'operator':
      return `operator ${actor.name}`;
    default:
      return actor.kind;
  }
}
