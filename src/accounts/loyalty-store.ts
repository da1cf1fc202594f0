import type {
  ChainState,
  Claim,
  DeliveryFilter,
  DeliveryGroup,
  DeliveryPosition,
  Erasure,
  InboxEntry,
  InboxNotice,
  InboxState,
  NewInboxEntry,
  QueueFailure,
  QueueOrder,
  QueueRow,
  QueueState,
  Tombstone,
} from './loyalty-queue.ts';
import type { SentWords } from './sent-words.ts';

/** The part of the store's reads that only the loyalty link needs. */
export interface LoyaltyReads {
  queue: {
    find(chainId: number, customerId: number): Promise<QueueRow | undefined>;
    /** Whether something of a chain waits that is due and that nobody works on. */
    hasDue(chainId: number, now: string): Promise<boolean>;
    /** Number of rows of a chain in a state; it stops counting at `atMost`. */
    count(chainId: number, state: QueueState, atMost: number): Promise<number>;
    /** Since when the oldest waiting row of a chain waits. */
    findOldest(chainId: number): Promise<string | undefined>;
    /** The rows that a filter lets through, those that wait longest first. */
    list(filter: DeliveryFilter, page: { limit: number; after?: DeliveryPosition }): Promise<QueueRow[]>;
    /** How many rows of a chain are in which state for which reason. Reads all rows of the chain. */
    group(chainId: number): Promise<DeliveryGroup[]>;
  };
  inbox: {
    find(id: number): Promise<InboxEntry | undefined>;
    /** The latest notices about a person, without what they say. */
    listBySubject(chainId: number, subject: string, limit: number): Promise<InboxNotice[]>;
    /** Whether an entry waits that is due and that nobody works on. */
    hasDue(now: string): Promise<boolean>;
    /** Number of entries in a state; it stops counting at `atMost`. */
    count(state: InboxState, atMost: number): Promise<number>;
    /** Since when the entry waits whose turn it is next. */
    findOldest(): Promise<string | undefined>;
  };
  tombstones: {
    find(chainId: number, customerId: number): Promise<Tombstone | undefined>;
    findByUserId(chainId: number, spaazaUserId: number): Promise<Tombstone | undefined>;
    /** The latest with this digest of an e-mail. */
    findByEmail(chainId: number, emailDigest: string): Promise<Tombstone | undefined>;
  };
  chainStates: {
    /** A chain of which nothing is known yet has a state of its own all the same. */
    find(chainId: number): Promise<ChainState>;
  };
}

/** The part of the store's writes that only the loyalty link needs. */
export interface LoyaltyWrites {
  queue: {
    /** Adds rows, or joins what is asked to the row that is there; a dead row waits again as if it were new. */
    enqueue(orders: readonly QueueOrder[], now: string): Promise<void>;
    /**
     * Takes up to `limit` due rows of a chain for as long as the lease lasts, the longest due first. Of several callers
     * at once each gets others. A row whose last holder never gave it back counts one try more.
     */
    claim(chainId: number, limit: number, lease: { token: string; until: string }, now: string): Promise<QueueRow[]>;
    /** Makes a lease last until a moment; false when the row is no longer the caller's. */
    renew(claim: Claim, until: string): Promise<boolean>;
    /** Whether the row is still the caller's; it stays so until the transaction ends. */
    holds(claim: Claim): Promise<boolean>;
    /** Notes what is about to be sent; false when the row is no longer the caller's. */
    noteSent(claim: Claim, sent: SentWords): Promise<boolean>;
    /** Notes what somebody sent who did not hold the row any more: it stays, whoever is through with the row. */
    noteLate(chainId: number, customerId: number, sent: SentWords): Promise<void>;
    /** Removes a row that is done; false when it changed meanwhile or is no longer the caller's. */
    remove(claim: Claim): Promise<boolean>;
    /** Gives a row back untouched. */
    release(claim: Claim): Promise<void>;
    /** Gives a row back that is done but changed meanwhile: it begins anew. */
    reopen(claim: Claim, now: string): Promise<void>;
    /** Gives a row back after a failure, to be tried again when it is due. */
    postpone(claim: Claim, failure: QueueFailure): Promise<void>;
    /** Tells the row whom the platform knows by now, for an erasure that was ordered meanwhile. */
    saveErasure(chainId: number, customerId: number, erasure: Erasure): Promise<void>;
    /** Gives a row up; false when it changed meanwhile or is no longer the caller's. */
    bury(claim: Claim, failure: QueueFailure, payload: string | null): Promise<boolean>;
    /** Makes rows that are in a state due at once, dead ones as if they were new; gives whose they were. */
    replay(
      filter: Pick<DeliveryFilter, 'chainId' | 'state'>,
      customerIds: readonly number[],
      now: string,
    ): Promise<number[]>;
    /** Removes rows that are in a state, erasures only if they are named; gives whose they were. */
    discard(
      filter: Pick<DeliveryFilter, 'chainId' | 'state'>,
      customerIds: readonly number[],
      withErasures: boolean,
    ): Promise<number[]>;
    /** Removes up to `limit` rows that were given up before a moment; gives how many. */
    deleteDead(before: string, limit: number): Promise<number>;
  };
  inbox: {
    /** False when the same content is there already. */
    insert(entry: NewInboxEntry): Promise<boolean>;
    /**
     * Takes up to `limit` due entries for as long as the lease lasts, one per person at most and none whose elder waits.
     * Of several callers at once each gets others.
     */
    claim(limit: number, lease: { token: string; until: string }, now: string): Promise<InboxEntry[]>;
    /** Removes everything about a person of a chain. */
    deleteBySubject(chainId: number, subject: string): Promise<void>;
    /** Ends the work on an entry that is still the caller's; false when it is not. The body of one done with goes. */
    settle(
      id: number,
      leaseToken: string,
      outcome: Pick<InboxEntry, 'state' | 'dueAt' | 'attempts' | 'errorText'>,
    ): Promise<boolean>;
    /** Removes up to `limit` entries in a state that were due before a moment; gives how many. */
    deleteOlder(state: Exclude<InboxState, 'waiting'>, before: string, limit: number): Promise<number>;
  };
  tombstones: {
    /** Writes tombstones, over an earlier one of the same customer; an id that only that one knew is kept. */
    insert(tombstones: readonly Tombstone[]): Promise<void>;
    /** Removes up to `limit` that are older than a moment, of people who are no customers any more; gives how many. */
    deleteOlder(erasedAt: string, limit: number): Promise<number>;
  };
  chainStates: {
    /** Changes what is named, and leaves the rest. */
    save(chainId: number, changes: Partial<Omit<ChainState, 'chainId'>>): Promise<void>;
    /** Pauses a chain unless it is paused at `now` already: false. */
    pause(
      chainId: number,
      pause: Pick<ChainState, 'pauseReason' | 'pauseCount'> & { pausedUntil: string },
      now: string,
    ): Promise<boolean>;
  };
}
