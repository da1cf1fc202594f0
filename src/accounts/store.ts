import type { Scope } from './access.ts';
import type { Address, AddressChanges, Customer, CustomerChanges } from './customer.ts';
import type { HistoryEntry, OutboxEntry } from './events.ts';
import type { FormerWords } from './former-words.ts';
import type { KnownAgreement, LoyaltyAgreement, LoyaltyLink, LoyaltyProfile } from './loyalty-link.ts';
import type { LoyaltyTie } from './loyalty-queue.ts';
import type { LoyaltyReads, LoyaltyWrites } from './loyalty-store.ts';
import type { NewSession, Session } from './session.ts';
import type { Chain, NewsletterGroup, Pool, Shop, TopologyData, Website } from './topology.ts';

/** A customer with the newsletter groups joined, ascending; what most answers show. */
export interface CustomerWithGroups {
  customer: Customer;
  groupIds: readonly number[];
}

/** What a sign-in needs to know before it hashes. */
export interface SignInAccount extends CustomerWithGroups {
  passwordHash: string | null;
}

export interface SessionWithCustomer extends CustomerWithGroups {
  session: Session;
}

/** Failed sign-ins counted under one key: an account as strangers see it, or one device that signed in before. */
export interface FailedAttempts {
  key: string;
  failures: number;
  firstFailedAt: string;
  lockedUntil: string | null;
}

export interface ApiKey {
  id: number;
  name: string;
  keyHash: string;
  scopes: readonly Scope[];
  websiteId: number | null;
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface ConsentRecord {
  customerId: number;
  /** `newsletter:8`, `mailing:123`, `printed_mailing:123`, `programme:123` (the number is a group or a chain). */
  subject: string;
  isGiven: boolean;
  origin: string;
  actor: string;
  requestId: string;
  statedAt: string;
}

/** A record as it is kept. */
export interface KeptConsent extends ConsentRecord {
  id: number;
}

export interface CustomerQuery {
  /** What words of the name, e-mail or foreign id must begin with, all of them; empty means everybody. */
  words: readonly string[];
  websiteId: number | null;
  page: number;
  perPage: number;
}

/** A piece of a customer's history: at most `limit` entries, and only those before the one with the id `beforeId`. */
export interface HistoryPage {
  limit: number;
  beforeId?: number;
}

/** `id` is given only where it must be a certain one: documented samples. */
export type NewCustomer = Omit<Customer, 'id' | 'hasPassword'> & { id?: number; passwordHash: string | null };

/** What can be read, inside and outside a transaction. */
export interface Reads extends LoyaltyReads {
  customers: {
    findById(id: number): Promise<CustomerWithGroups | undefined>;
    findByEmail(poolId: number, normalizedEmail: string): Promise<CustomerWithGroups | undefined>;
    findByForeignId(foreignId: string): Promise<CustomerWithGroups | undefined>;
    findForSignIn(poolId: number, normalizedEmail: string): Promise<SignInAccount | undefined>;
    findPasswordHash(id: number): Promise<string | null>;
    /** One page of those that fit, by id, and how many there are in all. */
    search(query: CustomerQuery): Promise<{ customers: CustomerWithGroups[]; totalCount: number }>;
    findLoyaltyProfile(id: number, chainId: number): Promise<LoyaltyProfile | undefined>;
    findLoyaltyProfileByEmail(
      poolId: number,
      normalizedEmail: string,
      chainId: number,
    ): Promise<LoyaltyProfile | undefined>;
    countAll(): Promise<number>;
    /** The next customers after an id, of all pools, by id. */
    listIds(afterId: number, limit: number): Promise<{ id: number; websiteId: number }[]>;
    /** The websites of some customers, by customer id; who is not there any more is left out. */
    mapWebsiteIds(ids: readonly number[]): Promise<ReadonlyMap<number, number>>;
  };
  sessions: {
    findByClientId(clientId: string): Promise<SessionWithCustomer | undefined>;
    isKnownNetwork(customerId: number, networkHash: string): Promise<boolean>;
    /** Whether it has not been ended; one past its time is not ended yet. */
    isOpen(id: number): Promise<boolean>;
  };
  links: {
    findCustomerIdByUserId(chainId: number, spaazaUserId: number): Promise<number | undefined>;
    findCustomerIdByMemberNumber(chainId: number, memberNumber: string): Promise<number | undefined>;
    listByCustomer(customerId: number): Promise<LoyaltyLink[]>;
    /** The ties of some customers to any chain. */
    listTies(customerIds: readonly number[]): Promise<LoyaltyTie[]>;
    /** What was last agreed, and how young the platform's record was then; undefined without a link. */
    findAgreement(customerId: number, chainId: number): Promise<KnownAgreement | undefined>;
  };
  attempts: { find(key: string): Promise<FailedAttempts | undefined> };
  keys: { list(): Promise<ApiKey[]> };
  topology: { read(): Promise<TopologyData> };
  settings: { readAll(): Promise<ReadonlyMap<string, string>> };
  history: {
    listByCustomer(customerId: number): Promise<HistoryEntry[]>;
    /** Changes of the record, newest first, without the sign-ins. */
    listChanges(customerId: number, page: HistoryPage): Promise<HistoryEntry[]>;
    /** The entries of one field, newest first. */
    listField(customerId: number, field: string, page: HistoryPage): Promise<HistoryEntry[]>;
    /** The newest entry of each field but the sign-ins, by field name. */
    listLastByField(customerId: number): Promise<HistoryEntry[]>;
    hadEmail(customerId: number, email: string): Promise<boolean>;
    /** The next entries after one, of all customers, and when they were written. */
    listAges(afterId: number, limit: number): Promise<{ id: number; changedAt: string }[]>;
  };
  consents: {
    /** What a customer stated, newest first. */
    listByCustomer(customerId: number, page: HistoryPage): Promise<KeptConsent[]>;
    /** The newest record of each subject, by subject. */
    listStanding(customerId: number): Promise<KeptConsent[]>;
  };
  outbox: {
    list(limit: number): Promise<OutboxEntry[]>;
    isEmpty(): Promise<boolean>;
    /** Whether an event of a customer waits to be looked at. */
    hasEventOf(customerId: number): Promise<boolean>;
    /** Number of events; it stops counting at `atMost`. */
    count(atMost: number): Promise<number>;
  };
}

/** A customer whom nobody else changes or erases until the transaction ends. */
export interface HeldCustomer extends CustomerWithGroups {
  /** False where the words that the customer is found by are not those of the names; a change of them puts that right. */
  readonly hasRightWords: boolean;
}

/** What can be written, inside a transaction only. */
export interface Writes extends LoyaltyWrites {
  customers: {
    /**
     * Reads a customer and keeps others from changing it until the transaction ends. One who was read a moment ago may be
     * given as `known`: the transaction then counts on that, and is repeated when it was wrong. `hasPassword` and the
     * password are not part of it.
     */
    lock(id: number, known?: CustomerWithGroups): Promise<HeldCustomer | undefined>;
    /**
     * Keeps others from changing or erasing a customer until the transaction ends; false when there is none, or when
     * another password hash than the one given is stored by then.
     */
    hold(id: number, passwordHash?: string): Promise<boolean>;
    /** undefined when the e-mail is already taken in the pool. Throws `validation_failed` for a taken foreign id. */
    insert(customer: NewCustomer): Promise<number | undefined>;
    /**
     * Changes a customer as `lock` gave it in this transaction; gives it as it is then. `updatedAt` must be
     * another than before, because `lock` goes by it. Throws `validation_failed` (taken) when the new e-mail or foreign id
     * belongs to someone else.
     */
    update(held: HeldCustomer, changes: CustomerChanges, updatedAt: string): Promise<Customer>;
    setPasswordHash(id: number, passwordHash: string): Promise<void>;
    /** Writes another hash of the same password, unless the password has been changed since `from` was read. */
    upgradePasswordHash(id: number, from: string, to: string): Promise<void>;
    delete(id: number): Promise<void>;
    /**
     * Goes through the next customers after an id and makes those searchable who are not, at most `limit`. Tells how many
     * they were, and after which id to go on; undefined at the end.
     */
    index(afterId: number, limit: number): Promise<{ customers: number; goOnAfter: number | undefined }>;
    /** Corrects what is kept of the number of customers for one block of ids; gives the next one, if there is any. */
    recount(block: number): Promise<number | undefined>;
  };
  addresses: {
    insert(address: Omit<Address, 'id'> & { id?: number }): Promise<number>;
    update(id: number, changes: AddressChanges): Promise<void>;
  };
  memberships: {
    add(customerId: number, groupId: number, joinedAt: string): Promise<void>;
    remove(customerId: number, groupId: number): Promise<void>;
  };
  sessions: {
    insert(session: NewSession): Promise<void>;
    /** As `isOpen`, behind what was written of its customer; the transaction may count on it, and is repeated when it was wrong. */
    isStillOpen(id: number): Promise<boolean>;
    /** Moves the token on when it is still `fromTokenHash`; false when another request was first. */
    rotate(
      id: number,
      fromTokenHash: string,
      next: Pick<Session, 'tokenHash' | 'previousTokenHash' | 'previousValidUntil' | 'expiresAt' | 'lastUsedAt'>,
    ): Promise<boolean>;
    /** Writes a later expiry; an earlier one is ignored. */
    extend(id: number, expiresAt: string, lastUsedAt: string): Promise<void>;
    delete(id: number): Promise<void>;
    deleteByCustomer(customerId: number, exceptId?: number): Promise<void>;
    /** Ends the sessions with the lowest expiry until at most `keep` are left, and those that have expired. */
    prune(customerId: number, keep: number, now: string): Promise<void>;
    /** Removes up to `limit`; gives how many. */
    deleteExpired(now: string, limit: number): Promise<number>;
  };
  links: {
    /** Leaves the agreement's snapshot and time as they are. */
    save(link: LoyaltyLink): Promise<void>;
    /** Writes what both sides agree on; makes an empty link where there is none. */
    agree(customerId: number, chainId: number, agreement: LoyaltyAgreement): Promise<void>;
    /** Notes what the platform had before it took over something of ours; makes an empty link where there is none. */
    saveFormerWords(customerId: number, chainId: number, words: FormerWords): Promise<void>;
    /** Notes that the platform was heard of just now; makes an empty link where there is none. */
    touch(customerId: number, chainId: number, syncedAt: string | null): Promise<void>;
    /** Forgets what was agreed; the tie itself stays. */
    forgetAgreement(customerId: number, chainId: number): Promise<void>;
    /** The same for those of some customers who are tied to nobody over there. */
    forgetUntied(customerIds: readonly number[], chainId: number): Promise<void>;
  };
  attempts: {
    save(attempts: FailedAttempts): Promise<void>;
    delete(keys: readonly string[]): Promise<void>;
    /** Removes up to `limit` whose first failure and lock lie before a moment, and those that count nothing; gives how many. */
    deleteOlderThan(before: string, limit: number): Promise<number>;
  };
  keys: {
    insert(key: Omit<ApiKey, 'id'>): Promise<number>;
    revoke(id: number, revokedAt: string): Promise<boolean>;
    touch(id: number, lastUsedAt: string): Promise<void>;
  };
  topology: {
    savePool(pool: Pool): Promise<void>;
    saveWebsite(website: Website): Promise<void>;
    saveShop(shop: Shop): Promise<void>;
    saveChain(chain: Chain): Promise<void>;
    saveNewsletterGroup(group: NewsletterGroup): Promise<void>;
  };
  settings: {
    write(name: string, value: string | null): Promise<void>;
    /** Adds `count`, or one, to a counter and gives the new value; concurrent callers get different values. */
    next(name: string, count?: number): Promise<number>;
  };
  history: {
    append(entries: readonly Omit<HistoryEntry, 'id'>[]): Promise<void>;
    deleteByCustomer(customerId: number): Promise<void>;
    /** Removes the sign-ins among the entries after one and up to another. */
    deleteSignIns(afterId: number, throughId: number): Promise<void>;
  };
  consents: {
    append(records: readonly ConsentRecord[]): Promise<void>;
    deleteByCustomer(customerId: number): Promise<void>;
  };
  outbox: {
    append(entry: Omit<OutboxEntry, 'id'>): Promise<void>;
    /** Takes the oldest entries out, in the order they were written; of several callers at once each gets others. */
    take(limit: number): Promise<OutboxEntry[]>;
  };
}

/** Reads and writes of one transaction. */
export type WritableStore = { [Room in keyof Reads | keyof Writes]: RoomOf<Reads, Room> & RoomOf<Writes, Room> };
type RoomOf<Rooms, Room extends PropertyKey> = Room extends keyof Rooms ? Rooms[Room] : unknown;

/** What the domain needs kept. Implemented once, for both databases, in `storage/`. */
export interface Store extends Reads {
  /** What each node keeps a copy of (`directory.ts`), asked for where it waits behind no request. */
  readonly watched: Pick<Reads, 'settings' | 'topology' | 'keys'>;
  /** The same reads where an answer may lag a little behind: lookups and lists for partners, never a customer's own. */
  readonly replica: Reads;
  /**
   * Runs `work` in one transaction and resolves once the change is on disk. An error rolls everything back. `work` must
   * use only the store it is handed and wait for nothing but that store. Throws `storage_unavailable` when the database
   * cannot be reached or cannot write.
   */
  transaction<T>(work: (store: WritableStore) => Promise<T>): Promise<T>;
  /** Cheap proof that the database answers; throws `storage_unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
