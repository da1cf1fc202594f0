import type { SentWords } from './sent-words.ts';

/** What the platform must still be told, or asked, about one customer of one chain; one row stands for all changes. */
export interface QueueRow {
  chainId: number;
  customerId: number;
  wantsPush: boolean;
  wantsPull: boolean;
  /** Set once the account is erased here: then nothing else of the row counts. */
  erasure: Erasure | null;
  /** Grows with every change that joins the row: who works on it can tell whether there is more by now. */
  revision: number;
  /** `dead`: given up, until the customer changes again or somebody replays it. */
  state: QueueState;
  /** Since when the oldest change waits, ISO 8601. */
  queuedAt: string;
  /** Not before this; for a dead row, when it was given up. */
  dueAt: string;
  /** Failures since the last success. */
  attempts: number;
  firstFailedAt: string | null;
  /** Who works on the row until `leasedUntil`; afterwards anybody may. */
  leaseToken: string | null;
  leasedUntil: string | null;
  /** The platform's code, or one of our own words; both only for people. */
  errorCode: string | null;
  errorText: string | null;
  /** Of a dead row: what would have been sent, as JSON with the values masked. */
  payload: string | null;
  /** What was sent and not acknowledged yet. */
  sent: SentWords | null;
  /** Id of the request that changed the customer last. */
  requestId: string;
}

export type QueueState = 'waiting' | 'dead';

/** Whom the platform is to erase; without a user id it knows the person by our customer id at most. */
export interface Erasure {
  spaazaUserId: number | null;
}

/** What one or several events come to for one customer of one chain. */
export type QueueOrder = Pick<QueueRow, 'chainId' | 'customerId' | 'wantsPush' | 'wantsPull' | 'erasure' | 'requestId'>;

const nothingAsked = { wantsPush: false, wantsPull: false, erasure: null } as const;

/** Has the platform told of a customer, as they are by then. */
export function pushOrder(chainId: number, customerId: number, requestId: string): QueueOrder {
  return { ...nothingAsked, chainId, customerId, requestId, wantsPush: true };
}

/** Has the platform asked about a customer. */
export function pullOrder(chainId: number, customerId: number, requestId: string): QueueOrder {
  return { ...nothingAsked, chainId, customerId, requestId, wantsPull: true };
}

/** Which rows an operator speaks of, in one chain and state. */
export interface DeliveryFilter {
  chainId: number;
  state: QueueState;
  errorCode?: string;
  /** Only those whose oldest change waits since this moment or before it. */
  queuedUntil?: string;
}

/** Where a page of rows begins: behind this one. Rows go by how long they wait, the oldest first. */
export type DeliveryPosition = Pick<QueueRow, 'queuedAt' | 'customerId'>;

/** Rows of one chain that are in the same state for the same reason. */
export interface DeliveryGroup {
  state: QueueState;
  errorCode: string | null;
  count: number;
  /** Since when the oldest of them waits. */
  oldestAt: string;
}

/** A row that somebody works on, as it was when they took it. */
export type Claim = Pick<QueueRow, 'chainId' | 'customerId' | 'revision'> & { leaseToken: string };

/** How a try that failed is remembered. */
export type QueueFailure = Pick<QueueRow, 'attempts' | 'firstFailedAt' | 'dueAt' | 'errorCode' | 'errorText'>;

/** A notice of the platform as it came in; the notices about one person are worked on in the order they came. */
export interface InboxEntry {
  id: number;
  chainId: number;
  /** Of the content; the same content is kept once. */
  digest: string;
  /** The platform's id of the person it is about, as text. */
  subject: string;
  /** As it came; '' once it was dealt with. */
  body: string;
  state: InboxState;
  receivedAt: string;
  dueAt: string;
  attempts: number;
  leaseToken: string | null;
  leasedUntil: string | null;
  errorText: string | null;
  requestId: string;
}

/** A notice without what it says. */
export type InboxNotice = Omit<InboxEntry, 'body'>;

/** `ignored`: understood, and nothing to do; `dead`: given up. */
export type InboxState = 'waiting' | 'done' | 'ignored' | 'dead';

export type NewInboxEntry = Pick<InboxEntry, 'chainId' | 'digest' | 'subject' | 'body' | 'receivedAt' | 'requestId'>;

/** Somebody who was erased here, or untied, and must not come back by a late update of the platform. */
export interface Tombstone {
  chainId: number;
  customerId: number;
  spaazaUserId: number | null;
  /** As `tombstoneDigest` gives it; empty for somebody who stays. */
  emailDigest: string;
  erasedAt: string;
}

/** How one chain fares, seen by all nodes. */
export interface ChainState {
  chainId: number;
  /** Nothing is sent before this time, ISO 8601. */
  pausedUntil: string | null;
  pauseReason: string | null;
  /** Pauses since the last success: each is longer than the one before. */
  pauseCount: number;
  lastSuccessAt: string | null;
  /** Where the comparison with the platform and the first filling have come to, as their commands keep it. */
  reconcileCursor: string | null;
  backfillCursor: string | null;
}

/** A link as far as it decides what happens to an event. */
export interface LoyaltyTie {
  customerId: number;
  chainId: number;
  spaazaUserId: number | null;
  /** True once both sides agreed on something: the platform then knows the person. */
  isAgreed: boolean;
  /** When an update, pull or push last came to an end, agreed or not; null where one is to come soon. */
  syncedAt: string | null;
}
