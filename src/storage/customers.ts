import { sql } from 'kysely';
import type { CustomerChanges } from '../accounts/customer.ts';
import { AccountError } from '../accounts/errors.ts';
import type { CustomerQuery, CustomerWithGroups, NewCustomer, SignInAccount } from '../accounts/store.ts';
import {
  type CustomerColumns,
  type CustomerRow,
  customerColumns,
  groupIdsColumn,
  searchText,
  toColumns,
  toCustomerWithGroups,
} from './customer-row.ts';
import { type Handle, UniqueViolation } from './database.ts';
import { prepared, preparedLock, preparedWrite } from './prepared.ts';

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

/** Finds customers whose name, e-mail or foreign id holds every word; newest last, one page. */
export async function search(
  handle: Handle,
  { words, websiteId, page, perPage }: CustomerQuery,
): Promise<{ customers: CustomerWithGroups[]; totalCount: number }> {
  let matching = handle.db.selectFrom('customers');
  if (websiteId !== null) matching = matching.where('website_id', '=', websiteId);
  for (const word of words) {
    matching = matching.where(sql<boolean>`search_text like ${`%${escapeLike(word)}%`} escape '!'`);
  }
  const counting = matching.select(({ fn }) => fn.countAll<number>().as('count'));
  const totalCount = Number((await handle.run(counting.compile()))[0]?.count ?? 0);
  const ids = matching
    .select('id')
    .orderBy('id')
    .limit(perPage)
    .offset((page - 1) * perPage);
  const rows = await handle.run(
    handle.db
      .selectFrom('customers')
      .innerJoin(ids.as('page'), 'page.id', 'customers.id')
      .select(customerColumns)
      .select(groupIdsColumn)
      .orderBy('customers.id')
      .compile(),
  );
  return { customers: rows.map(toCustomerWithGroups), totalCount };
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

/** Keeps others from changing or erasing a customer until the transaction ends; false when there is none. */
export async function hold(handle: Handle, id: number): Promise<boolean> {
  return (await lockById(handle, id)).length > 0;
}

/** The websites of some customers, by customer id; who is not there any more is left out. */
export async function mapWebsiteIds(handle: Handle, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (ids.length === 0) return new Map();
  const query = handle.db.selectFrom('customers').select(['id', 'website_id']).where('id', 'in', ids);
  return new Map((await handle.run(query.compile())).map((row) => [row.id, row.website_id]));
}

/**
 * Reads a customer that nobody else changes until the transaction ends; two changes of one customer follow each other.
 * In two statements, because the groups must be those that are there once the row is held.
 */
export async function lock(handle: Handle, id: number): Promise<CustomerWithGroups | undefined> {
  const [isThere, found] = await Promise.all([hold(handle, id), findById(handle, id)]);
  return isThere ? found : undefined;
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
  const rows = await renamed(() => handle.run(query.compile()));
  return rows[0]?.id;
}

// What a change of newsletter groups alone does to the customer's row.
const touch = preparedWrite((db, id: number, updatedAt: string) =>
  db.updateTable('customers').set({ updated_at: updatedAt }).where('id', '=', id),
);

/**
 * Changes the fields that `changes` names, and the text they are searched by. Throws `validation_failed` when the
 * e-mail or foreign id belongs to somebody else.
 */
export async function update(handle: Handle, id: number, changes: CustomerChanges, updatedAt: string): Promise<void> {
  const columns = { ...toColumns(changes), updated_at: updatedAt };
  if (Object.keys(columns).length === 1) {
    await touch(handle, id, updatedAt);
    return;
  }
  const query = handle.db.updateTable('customers').set(columns).where('id', '=', id);
  await renamed(() => handle.run(query.compile()));
  if ('givenName' in changes || 'familyName' in changes || 'email' in changes || 'foreignId' in changes) {
    await refreshSearchText(handle, id);
  }
}

const replaceHash = preparedWrite((db, id: number, passwordHash: string) =>
  db.updateTable('customers').set({ password_hash: passwordHash }).where('id', '=', id),
);

/** Replaces the password hash. Sessions stay; ending them is up to the verb. */
export async function setPasswordHash(handle: Handle, id: number, passwordHash: string): Promise<void> {
  await replaceHash(handle, id, passwordHash);
}

/**
 * Removes a customer with what refers to it by foreign key; history and consents have none and are removed by
 * themselves.
 */
export async function deleteById(handle: Handle, id: number): Promise<void> {
  await handle.run(handle.db.deleteFrom('customers').where('id', '=', id).compile());
}

async function refreshSearchText(handle: Handle, id: number): Promise<void> {
  const found = await findById(handle, id);
  if (found === undefined) return;
  const query = handle.db
    .updateTable('customers')
    .set({ search_text: searchText(found.customer) })
    .where('id', '=', id);
  await handle.run(query.compile());
}

function escapeLike(word: string): string {
  return word.normalize('NFC').toLowerCase().replace(/[!%_]/g, '!$&');
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
