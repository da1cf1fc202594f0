import { sql } from 'kysely';
import type { Customer, CustomerChanges } from '../accounts/customer.ts';
import { AccountError } from '../accounts/errors.ts';
import type { CustomerWithGroups, HeldCustomer, NewCustomer, SignInAccount } from '../accounts/store.ts';
import * as counts from './customer-counts.ts';
import {
  type CustomerColumns,
  type CustomerRow,
  customerColumns,
  groupIdsColumn,
  searchColumns,
  toColumns,
  toCustomerWithGroups,
} from './customer-row.ts';
import * as words from './customer-words.ts';
import { UniqueViolation } from './failures.ts';
import type { Handle } from './handle.ts';
import { prepared, preparedLock, preparedMany, preparedRequirement, preparedSet, preparedWrite } from './prepared.ts';

const selectById = prepared((db, id: number) =>
  db.selectFrom('customers').select(customerColumns).select(groupIdsColumn).where('customers.id', '=', id),
);

const selectByEmail = prepared((db, poolId: number, normalizedEmail: string) =>
  db
    .selectFrom('customers')
    .select(customerColumns)
    .select(groupIdsColumn)
    .where('customers.pool_id', '=', poolId)
    .where('customers.normalized_email', '=', normalizedEmail),
);

const selectByForeignId = prepared((db, foreignId: string) =>
  db
    .selectFrom('customers')
    .select(customerColumns)
    .select(groupIdsColumn)
    .where('customers.foreign_id', '=', foreignId),
);

function first(rows: readonly (CustomerRow & { group_ids: string | null })[]): CustomerWithGroups | undefined {
  return rows[0] && toCustomerWithGroups(rows[0]);
}

/** Finds a customer by id. One query with the groups; see `lock` before changing what it gives. */
export async function findById(handle: Handle, id: number): Promise<CustomerWithGroups | undefined> {
  return first(await selectById(handle, id));
}

/** Finds the customer of a pool with an e-mail that `normalizeEmail` gave. One query. */
export async function findByEmail(
  handle: Handle,
  poolId: number,
  normalizedEmail: string,
): Promise<CustomerWithGroups | undefined> {
  return first(await selectByEmail(handle, poolId, normalizedEmail));
}

/** Finds a customer by the id that a partner's system has for them, which is unique in all pools. */
export async function findByForeignId(handle: Handle, foreignId: string): Promise<CustomerWithGroups | undefined> {
  return first(await selectByForeignId(handle, foreignId));
}

const selectForSignIn = prepared((db, poolId: number, normalizedEmail: string) =>
  db
    .selectFrom('customers')
    .select(customerColumns)
    .select(groupIdsColumn)
    .select('password_hash')
    .where('customers.pool_id', '=', poolId)
    .where('customers.normalized_email', '=', normalizedEmail),
);

/** As `findByEmail`, with the password hash: nothing but a password check has a use for that one. */
export async function findForSignIn(
  handle: Handle,
  poolId: number,
  normalizedEmail: string,
): Promise<SignInAccount | undefined> {
  const [row] = await selectForSignIn(handle, poolId, normalizedEmail);
  return row && { ...toCustomerWithGroups(row), passwordHash: row.password_hash };
}

const selectPasswordHash = prepared((db, id: number) =>
  db.selectFrom('customers').select('password_hash').where('id', '=', id),
);

/** The stored password hash; null for a customer without a password, and for no customer. */
export async function findPasswordHash(handle: Handle, id: number): Promise<string | null> {
  return (await selectPasswordHash(handle, id))[0]?.password_hash ?? null;
}

/** Number of customers in all pools. Reads the whole index: not for requests. */
export async function countAll(handle: Handle): Promise<number> {
  const query = handle.db.selectFrom('customers').select(({ fn }) => fn.countAll<number>().as('count'));
  return Number((await handle.run(query.compile()))[0]?.count ?? 0);
}

const selectIds = prepared((db, afterId: number, limit: number) =>
  db.selectFrom('customers').select(['id', 'website_id']).where('id', '>', afterId).orderBy('id').limit(limit),
);

/** The next customers after an id, of all pools, by id. */
export async function listIds(
  handle: Handle,
  afterId: number,
  limit: number,
): Promise<{ id: number; websiteId: number }[]> {
  return (await selectIds(handle, afterId, limit)).map((row) => ({ id: row.id, websiteId: row.website_id }));
}

const lockById = preparedLock((db, id: number) => db.selectFrom('customers').select('id').where('id', '=', id));

const lockByHash = preparedLock((db, id: number, passwordHash: string) =>
  db.selectFrom('customers').select('id').where('id', '=', id).where('password_hash', '=', passwordHash),
);

/**
 * Keeps others from changing or erasing a customer until the transaction ends; false when there is none. With
 * `passwordHash` also false when another one is stored by then.
 */
export async function hold(handle: Handle, id: number, passwordHash?: string): Promise<boolean> {
  const rows = passwordHash === undefined ? lockById(handle, id) : lockByHash(handle, id, passwordHash);
  return (await rows).length > 0;
}

const selectWebsites = preparedMany((db, ids: readonly number[]) =>
  db.selectFrom('customers').select(['id', 'website_id']).where('id', 'in', ids),
);

/** The websites of some customers, by customer id; who is not there any more is left out. */
export async function mapWebsiteIds(handle: Handle, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (ids.length === 0) return new Map();
  return new Map((await selectWebsites(handle, ids)).map((row) => [row.id, row.website_id]));
}

const selectHeld = prepared((db, id: number) =>
  db
    .selectFrom('customers')
    .select(customerColumns)
    .select(groupIdsColumn)
    .select(sql<number>`case when indexed_text = search_text then 1 else 0 end`.as('has_right_words'))
    .where('customers.id', '=', id),
);

/** Who is as they were read, and is found by the right words: that is what `lock` says of somebody known. */
const isUnchanged = (id: number, updatedAt: string) =>
  sql<boolean>`id = ${id} and updated_at = ${updatedAt} and indexed_text = search_text`;

const requireUnchanged = preparedRequirement(({ db, trust }, id: number, updatedAt: string) =>
  trust!.requiring.row(db.selectFrom('customers').select('id').where(isUnchanged(id, updatedAt))),
);

/**
 * Reads a customer that nobody else changes until the transaction ends; two changes of one customer follow each other.
 * In two statements, because the groups must be those that are there once the row is held. On PostgreSQL a customer who
 * is `known` is not waited for: should they have changed since, the transaction begins anew and reads them.
 */
export async function lock(handle: Handle, id: number, known?: CustomerWithGroups): Promise<HeldCustomer | undefined> {
  if (known !== undefined && handle.trust !== undefined) {
    handle.trust.postpone(requireUnchanged(handle, id, known.customer.updatedAt), id);
    return { ...known, hasRightWords: true };
  }
  const [isThere, [row]] = await Promise.all([hold(handle, id), selectHeld(handle, id)]);
  return isThere && row !== undefined
    ? { ...toCustomerWithGroups(row), hasRightWords: row.has_right_words === 1 }
    : undefined;
}

/**
 * Writes a customer and gives the id; undefined, without an error, when the e-mail is taken in the pool, so that two
 * identical creates at once make one. Throws `validation_failed` for a taken foreign id.
 */
export async function insert(handle: Handle, customer: NewCustomer): Promise<number | undefined> {
  const { passwordHash, ...fields } = customer;
  const query = handle.db
    .insertInto('customers')
    .values({ ...(toColumns(fields) as CustomerColumns), password_hash: passwordHash })
    .onConflict((conflict) => conflict.columns(['pool_id', 'normalized_email']).doNothing())
    .returning('id');
  const [row] = await renamed(() => handle.run(query.compile()));
  if (row === undefined) return undefined;
  await words.add(handle, row.id, fields);
  await counts.adjust(handle, fields.websiteId, row.id, 1);
  return row.id;
}

const updateColumns = preparedSet(({ db }, set: Partial<CustomerColumns>, id: number) =>
  db.updateTable('customers').set(set).where('id', '=', id),
);

const updateUnchanged = preparedSet(({ db, trust }, set: Partial<CustomerColumns>, id: number, updatedAt: string) =>
  trust!.requiring.change(db.updateTable('customers').set(set).where(isUnchanged(id, updatedAt)).returning('id')),
);

/**
 * Changes the fields that `changes` names, and the words they are searched by; gives the customer as it is then. `held` is
 * what `lock` gave in this transaction; `updatedAt` must be another than before, because `lock` goes by it. Throws
 * `validation_failed` when the e-mail or foreign id belongs to somebody else.
 */
export async function update(
  handle: Handle,
  held: HeldCustomer,
  changes: CustomerChanges,
  updatedAt: string,
): Promise<Customer> {
  const before = held.customer;
  const { id } = before;
  const defined = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const after: Customer = { ...before, ...defined, updatedAt };
  const isSearched = searchedFields.some((field) => changes[field] !== undefined);
  const columns = {
    ...toColumns(changes),
    ...(isSearched && searchColumns(after)),
    updated_at: updatedAt,
  };
  // One statement instead of two, where nothing was sent since `lock`.
  const statement = handle.trust?.takeOver(id)
    ? updateUnchanged(handle, columns, id, before.updatedAt)
    : updateColumns(handle, columns, id);
  // Waited for only where it may be refused.
  if (changes.email === undefined && changes.foreignId === undefined) await handle.write(statement);
  else await renamed(() => handle.run(statement));
  if (isSearched) await words.change(handle, id, held.hasRightWords ? before : undefined, after);
  return after;
}

const searchedFields = ['givenName', 'familyName', 'email', 'foreignId'] as const;

const replaceHash = preparedWrite((db, id: number, passwordHash: string) =>
  db.updateTable('customers').set({ password_hash: passwordHash }).where('id', '=', id),
);

/** Replaces the password hash. Sessions stay; ending them is up to the verb. */
export async function setPasswordHash(handle: Handle, id: number, passwordHash: string): Promise<void> {
  await replaceHash(handle, id, passwordHash);
}

const upgradeHash = preparedWrite((db, id: number, from: string, to: string) =>
  db.updateTable('customers').set({ password_hash: to }).where('id', '=', id).where('password_hash', '=', from),
);

/** Writes another hash of the same password, unless the password has been changed since `from` was read. */
export async function upgradePasswordHash(handle: Handle, id: number, from: string, to: string): Promise<void> {
  await upgradeHash(handle, id, from, to);
}

/**
 * Removes a customer with what refers to it by foreign key, words included; history and consents have none and are
 * removed by themselves.
 */
export async function deleteById(handle: Handle, id: number): Promise<void> {
  const query = handle.db.deleteFrom('customers').where('id', '=', id).returning('website_id');
  const [row] = await handle.run(query.compile());
  if (row !== undefined) await counts.adjust(handle, row.website_id, id, -1);
}

async function renamed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    const field = error.constraint.includes('foreign_id') ? 'foreignId' : 'email';
    throw new AccountError('validation_failed', { problems: [{ field, rule: 'taken' }] }, error);
  }
}
