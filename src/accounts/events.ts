import type { Origin } from './access.ts';

/** What happened to whom; written in the transaction of the change and delivered at least once, in order per customer. */
export type AccountEvent =
  | { type: 'customer.created'; customerId: number; fields: string[] }
  | { type: 'customer.updated'; customerId: number; fields: string[] }
  | { type: 'customer.password_changed'; customerId: number }
  /** Written only where the loyalty platform is asked about whoever signs in. */
  | { type: 'customer.signed_in'; customerId: number }
  | { type: 'customer.deleted'; customerId: number; links: EndedLink[] };

/** A link of an erased customer. */
export interface EndedLink {
  chainId: number;
  spaazaUserId: number | null;
  /** Whether both sides ever agreed on something, so that the platform knows the person; absent in older events. */
  isAgreed?: boolean;
}

/** An event as it waits in the outbox. */
export interface OutboxEntry {
  id: number;
  event: AccountEvent;
  origin: Origin;
  actor: string;
  requestId: string;
  /** ISO 8601 UTC. */
  occurredAt: string;
}

/**
 * One changed field of one customer. Values are JSON; of a password only the fact is told: `set`, or null for none.
 * Entries of one customer are in the order of the changes; the names are in `history-fields.ts`.
 */
export interface HistoryEntry {
  id: number;
  customerId: number;
  field: string;
  before: unknown;
  after: unknown;
  origin: Origin;
  actor: string;
  requestId: string;
  changedAt: string;
}
