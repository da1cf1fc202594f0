import { type Kysely, sql } from 'kysely';
import type { Address } from '../accounts/customer.ts';
import type { FormerWords } from '../accounts/former-words.ts';
import {
  emptyLink,
  type KnownAgreement,
  type LoyaltyAgreement,
  type LoyaltyLink,
  type LoyaltyProfile,
  type OutboundView,
} from '../accounts/loyalty-link.ts';
import type { LoyaltyTie } from '../accounts/loyalty-queue.ts';
import { addressColumns, type JoinedAddressRow, toAddress } from './addresses.ts';
import { type CustomerRow, customerColumns, toCustomer } from './customer-row.ts';
import type { Handle } from './handle.ts';
import { lookup } from './lookup.ts';
import { prepared, preparedSet } from './prepared.ts';
import type { Tables } from './tables.ts';

const linkColumns = [
  'loyalty_links.customer_id as link_customer_id',
  'loyalty_links.spaaza_user_id',
  'loyalty_links.member_number',
  'loyalty_links.is_programme_opted_in',
  'loyalty_links.is_mailing_subscribed',
  'loyalty_links.is_printed_mailing_subscribed',
  'loyalty_links.last_hash',
  'loyalty_links.agreed_digest',
] as const;

// Customer, addresses and link in one query: it runs for every user_info request.
const selectProfiles = (db: Kysely<Tables>, chainId: number) =>
  db
    .selectFrom('customers')
    .leftJoin('addresses', 'addresses.customer_id', 'customers.id')
    .leftJoin('loyalty_links', (join) =>
      join.onRef('loyalty_links.customer_id', '=', 'customers.id').on('loyalty_links.chain_id', '=', chainId),
    )
    .select(customerColumns)
    .select(addressColumns)
    .select(linkColumns)
    .orderBy('addresses.id');

const selectProfileById = lookup(
  (db, ids, chainId: number) => selectProfiles(db, chainId).where('customers.id', 'in', ids as number[]),
  (row) => row.id,
);

const selectProfileByEmail = lookup(
  (db, normalizedEmails, poolId: number, chainId: number) =>
    selectProfiles(db, chainId)
      .select('customers.normalized_email')
      .where('customers.pool_id', '=', poolId)
      .where('customers.normalized_email', 'in', normalizedEmails as string[]),
  (row) => row.normalized_email,
);

// What was agreed is read apart, by the few who compare with it.
type LinkColumns = Omit<
  Tables['loyalty_links'],
  'customer_id' | 'chain_id' | 'snapshot' | 'synced_at' | 'platform_modified_at' | 'former_words'
>;
type ProfileRow = CustomerRow &
  JoinedAddressRow & { [Column in keyof LinkColumns]: LinkColumns[Column] | null } & {
    link_customer_id: number | null;
  };

/** Finds a customer with addresses and the link to one chain, an empty one when there is none. One query. */
export async function findProfile(handle: Handle, id: number, chainId: number): Promise<LoyaltyProfile | undefined> {
  return foldProfile(await selectProfileById(handle, id, chainId), chainId);
}

/** The same by the normalised e-mail in a pool. */
export async function findProfileByEmail(
  handle: Handle,
  poolId: number,
  normalizedEmail: string,
  chainId: number,
): Promise<LoyaltyProfile | undefined> {
  return foldProfile(await selectProfileByEmail(handle, normalizedEmail, poolId, chainId), chainId);
}

function foldProfile(rows: readonly ProfileRow[], chainId: number): LoyaltyProfile | undefined {
  const [row] = rows;
  if (row === undefined) return undefined;
  const addresses: Address[] = [];
  for (const candidate of rows) {
    const address = toAddress(row.id, candidate);
    if (address !== undefined) addresses.push(address);
  }
  const link =
    row.link_customer_id === null ? emptyLink(row.id, chainId) : toLink(row.id, chainId, row as unknown as LinkColumns);
  return { customer: toCustomer(row), addresses, link };
}

function toLink(customerId: number, chainId: number, row: LinkColumns): LoyaltyLink {
  return {
    customerId,
    chainId,
    spaazaUserId: row.spaaza_user_id,
    memberNumber: row.member_number,
    isProgrammeOptedIn: row.is_programme_opted_in === 1,
    isMailingSubscribed: row.is_mailing_subscribed === 1,
    isPrintedMailingSubscribed: row.is_printed_mailing_subscribed === 1,
    lastHash: row.last_hash,
    agreedDigest: row.agreed_digest,
  };
}

const selectIdByUserId = prepared((db, chainId: number, spaazaUserId: number) =>
  db
    .selectFrom('loyalty_links')
    .select('customer_id')
    .where('chain_id', '=', chainId)
    .where('spaaza_user_id', '=', spaazaUserId),
);

/** Who is linked to a user of a chain. */
export async function findCustomerIdByUserId(
  handle: Handle,
  chainId: number,
  spaazaUserId: number,
): Promise<number | undefined> {
  return (await selectIdByUserId(handle, chainId, spaazaUserId))[0]?.customer_id;
}

const selectIdByMemberNumber = prepared((db, chainId: number, memberNumber: string) =>
  db
    .selectFrom('loyalty_links')
    .select('customer_id')
    .where('chain_id', '=', chainId)
    .where('member_number', '=', memberNumber)
    .orderBy('customer_id')
    .limit(sql.lit(1)),
);

/** Who is linked with a member number of a chain; the one with the lowest id when several are. */
export async function findCustomerIdByMemberNumber(
  handle: Handle,
  chainId: number,
  memberNumber: string,
): Promise<number | undefined> {
  return (await selectIdByMemberNumber(handle, chainId, memberNumber))[0]?.customer_id;
}

const selectByCustomer = prepared((db, customerId: number) =>
  db.selectFrom('loyalty_links').selectAll().where('customer_id', '=', customerId).orderBy('chain_id'),
);

/** A customer's links, by chain. */
export async function listByCustomer(handle: Handle, customerId: number): Promise<LoyaltyLink[]> {
  return (await selectByCustomer(handle, customerId)).map((row) => toLink(row.customer_id, row.chain_id, row));
}

/** The ties of some customers to any chain, by customer and chain. */
export async function listTies(handle: Handle, customerIds: readonly number[]): Promise<LoyaltyTie[]> {
  if (customerIds.length === 0) return [];
  const query = handle.db
    .selectFrom('loyalty_links')
    .select(['customer_id', 'chain_id', 'spaaza_user_id', 'agreed_digest', 'synced_at'])
    .where('customer_id', 'in', customerIds)
    .orderBy('customer_id')
    .orderBy('chain_id');
  return (await handle.run(query.compile())).map((row) => ({
    customerId: row.customer_id,
    chainId: row.chain_id,
    spaazaUserId: row.spaaza_user_id,
    isAgreed: row.agreed_digest !== null,
    syncedAt: row.synced_at,
  }));
}

const selectAgreement = prepared((db, customerId: number, chainId: number) =>
  db
    .selectFrom('loyalty_links')
    .select(['snapshot', 'synced_at', 'platform_modified_at', 'former_words', 'agreed_digest'])
    .where('customer_id', '=', customerId)
    .where('chain_id', '=', chainId),
);

/** What was last agreed, and how young the platform's record was then; undefined without a link. */
export async function findAgreement(
  handle: Handle,
  customerId: number,
  chainId: number,
): Promise<KnownAgreement | undefined> {
  const [row] = await selectAgreement(handle, customerId, chainId);
  if (row === undefined) return undefined;
  return {
    view: row.snapshot === null ? undefined : (JSON.parse(row.snapshot) as OutboundView),
    platformModifiedAt: row.platform_modified_at,
    formerWords: row.former_words === null ? null : (JSON.parse(row.former_words) as FormerWords),
    syncedAt: row.synced_at,
    digest: row.agreed_digest,
  };
}

/** Columns that a link is made or changed with, each set of them a statement of its own. */
const upsert = preparedSet(({ db }, set: LinkChange, customerId: number, chainId: number) =>
  db
    .insertInto('loyalty_links')
    .values({ ...linkValues(emptyLink(customerId, chainId)), ...set })
    .onConflict((conflict) => conflict.columns(['customer_id', 'chain_id']).doUpdateSet(set)),
);

type LinkChange = Partial<Omit<Tables['loyalty_links'], 'customer_id' | 'chain_id'>>;

/**
 * Writes the link of a customer to a chain, over the earlier one, and leaves what was agreed as it is. Throws
 * UniqueViolation when the chain's user is somebody else's.
 */
export async function save(handle: Handle, link: LoyaltyLink): Promise<void> {
  const { customer_id, chain_id, ...values } = linkValues(link);
  await handle.run(upsert(handle, values, customer_id, chain_id));
}

/** Writes what both sides agree on; makes an empty link where there is none. */
export async function agree(
  handle: Handle,
  customerId: number,
  chainId: number,
  { view, lastHash, agreedDigest, syncedAt, platformModifiedAt }: LoyaltyAgreement,
): Promise<void> {
  const change: LinkChange = {
    last_hash: lastHash,
    agreed_digest: agreedDigest,
    snapshot: view === undefined ? null : JSON.stringify(view),
    synced_at: syncedAt,
    ...(platformModifiedAt !== undefined && { platform_modified_at: platformModifiedAt }),
  };
  await handle.write(upsert(handle, change, customerId, chainId));
}

/** Notes when the platform was last heard of, null for never; makes an empty link where there is none. */
export async function touch(
  handle: Handle,
  customerId: number,
  chainId: number,
  syncedAt: string | null,
): Promise<void> {
  await handle.write(upsert(handle, { synced_at: syncedAt }, customerId, chainId));
}

/** Notes what the platform had before it took over something of ours; makes an empty link where there is none. */
export async function saveFormerWords(
  handle: Handle,
  customerId: number,
  chainId: number,
  words: FormerWords,
): Promise<void> {
  await handle.write(upsert(handle, { former_words: JSON.stringify(words) }, customerId, chainId));
}

/** Forgets what was agreed; the tie itself stays. */
export async function forgetAgreement(handle: Handle, customerId: number, chainId: number): Promise<void> {
  await handle.run(forgetting(handle, [customerId], chainId).compile());
}

/** The same for those of some customers who are tied to nobody over there. */
export async function forgetUntied(handle: Handle, customerIds: readonly number[], chainId: number): Promise<void> {
  if (customerIds.length === 0) return;
  await handle.run(forgetting(handle, customerIds, chainId).where('spaaza_user_id', 'is', null).compile());
}

function forgetting({ db }: Handle, customerIds: readonly number[], chainId: number) {
  return db
    .updateTable('loyalty_links')
    .set({
      last_hash: null,
      agreed_digest: null,
      snapshot: null,
      synced_at: null,
      platform_modified_at: null,
      former_words: null,
    })
    .where('customer_id', 'in', customerIds)
    .where('chain_id', '=', chainId);
}

function linkValues(link: LoyaltyLink) {
  return {
    customer_id: link.customerId,
    chain_id: link.chainId,
    spaaza_user_id: link.spaazaUserId,
    member_number: link.memberNumber,
    is_programme_opted_in: Number(link.isProgrammeOptedIn),
    is_mailing_subscribed: Number(link.isMailingSubscribed),
    is_printed_mailing_subscribed: Number(link.isPrintedMailingSubscribed),
    last_hash: link.lastHash,
    agreed_digest: link.agreedDigest,
  };
}
