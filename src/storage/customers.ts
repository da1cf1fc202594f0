import { sql } from 'kysely';
import type { Customer, CustomerChanges } from '../accounts/customer.ts';
import { normalizeEmail } from '../accounts/email.ts';
import { AccountError } from '../accounts/errors.ts';
import type { CustomerQuery, CustomerWithGroups, NewCustomer, SignInAccount } from '../accounts/store.ts';
import { type Handle, UniqueViolation } from './database.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/** Columns of a customer as read back; the password hash is named only where it is needed. */
export const customerColumns = [
  'customers.id',
  'customers.pool_id',
  'customers.website_id',
  'customers.store_id',
  'customers.created_in',
  'customers.email',
  'customers.given_name',
  'customers.family_name',
  'customers.salutation_id',
  'customers.title_id',
  'customers.language_id',
  'customers.birthday',
  'customers.gender_code',
  'customers.gender_token',
  'customers.phone',
  'customers.mobile',
  'customers.fax',
  'customers.country_code',
  'customers.level',
  'customers.category_id',
  'customers.debtor_number',
  'customers.has_voucher_payment',
  'customers.has_collective_invoice_payment',
  'customers.is_institution',
  'customers.institution',
  'customers.notes',
  'customers.payment_mode_id',
  'customers.price_target_audience_id',
  'customers.foreign_id',
  'customers.group_id',
  'customers.password_hash',
  'customers.unconfirmed_since',
  'customers.created_at',
  'customers.updated_at',
] as const;

type ColumnOf<Name> = Name extends `customers.${infer Column extends string & keyof Tables['customers']}`
  ? Column
  : never;
export type CustomerRow = {
  [Column in ColumnOf<(typeof customerColumns)[number]>]: Column extends 'id' ? number : Tables['customers'][Column];
};

/** Turns a row into the domain's customer; the hash itself stays behind. */
export function toCustomer(row: CustomerRow): Customer {
  return {
    id: row.id,
    poolId: row.pool_id,
    websiteId: row.website_id,
    storeId: row.store_id,
    createdIn: row.created_in,
    email: row.email,
    givenName: row.given_name,
    familyName: row.family_name,
    salutationId: row.salutation_id,
    titleId: row.title_id,
    languageId: row.language_id,
    birthday: row.birthday,
    genderCode: row.gender_code as Customer['genderCode'],
    genderToken: row.gender_token,
    phone: row.phone,
    mobile: row.mobile,
    fax: row.fax,
    countryCode: row.country_code,
    level: row.level,
    categoryId: row.category_id,
    debtorNumber: row.debtor_number,
    hasVoucherPayment: row.has_voucher_payment === 1,
    hasCollectiveInvoicePayment: row.has_collective_invoice_payment === 1,
    isInstitution: row.is_institution === 1,
    institution: row.institution,
    notes: row.notes,
    paymentModeId: row.payment_mode_id,
    priceTargetAudienceId: row.price_target_audience_id,
    foreignId: row.foreign_id,
    groupId: row.group_id,
    hasPassword: row.password_hash !== null,
    unconfirmedSince: row.unconfirmed_since,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/**
 * The ids of the groups a customer is in, as text "1,8"; both databases know `string_agg`. A subquery and not a join, so
 * that a customer is one row however many groups there are.
 */
export const groupIdsColumn = sql<string | null>`(
  select string_agg(cast(memberships.group_id as text), ',' order by memberships.group_id)
  from memberships where memberships.customer_id = customers.id
)`.as('group_ids');

/** A customer with groups from a row that holds `groupIdsColumn`. */
export function toCustomerWithGroups(row: CustomerRow & { group_ids: string | null }): CustomerWithGroups {
  return { customer: toCustomer(row), groupIds: row.group_ids === null ? [] : row.group_ids.split(',').map(Number) };
}

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

export async function findById(handle: Handle, id: number): Promise<CustomerWithGroups | undefined> {
  return first(await selectById(handle, id));
}

export async function findByEmail(
  handle: Handle,
  poolId: number,
  normalizedEmail: string,
): Promise<CustomerWithGroups | undefined> {
  return first(await selectByEmail(handle, poolId, normalizedEmail));
}

export async function findByForeignId(handle: Handle, foreignId: string): Promise<CustomerWithGroups | undefined> {
  return first(await selectByForeignId(handle, foreignId));
}

export async function findForSignIn(
  handle: Handle,
  poolId: number,
  normalizedEmail: string,
): Promise<SignInAccount | undefined> {
  const [row] = await selectByEmail(handle, poolId, normalizedEmail);
  return row && { ...toCustomerWithGroups(row), passwordHash: row.password_hash };
}

export async function findPasswordHash(handle: Handle, id: number): Promise<string | null> {
  const query = handle.db.selectFrom('customers').select('password_hash').where('id', '=', id);
  return (await handle.run(query.compile()))[0]?.password_hash ?? null;
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

export async function countAll(handle: Handle): Promise<number> {
  const query = handle.db.selectFrom('customers').select(({ fn }) => fn.countAll<number>().as('count'));
  return Number((await handle.run(query.compile()))[0]?.count ?? 0);
}

export async function lock(handle: Handle, id: number): Promise<CustomerWithGroups | undefined> {
  await handle.run(handle.lockRows(handle.db.selectFrom('customers').select('id').where('id', '=', id)).compile());
  return findById(handle, id);
}

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

export async function update(handle: Handle, id: number, changes: CustomerChanges, updatedAt: string): Promise<void> {
  const columns = { ...toColumns(changes), updated_at: updatedAt };
  const query = handle.db.updateTable('customers').set(columns).where('id', '=', id);
  await renamed(() => handle.run(query.compile()));
  if ('givenName' in changes || 'familyName' in changes || 'email' in changes || 'foreignId' in changes) {
    await refreshSearchText(handle, id);
  }
}

export async function setPasswordHash(handle: Handle, id: number, passwordHash: string): Promise<void> {
  await handle.run(
    handle.db.updateTable('customers').set({ password_hash: passwordHash }).where('id', '=', id).compile(),
  );
}

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

/** What `search` looks through. Lower-case here, because the databases disagree about letters outside ASCII. */
function searchText(customer: Pick<Customer, 'givenName' | 'familyName' | 'email' | 'foreignId'>): string {
  const text = [customer.givenName, customer.familyName, customer.email, customer.foreignId ?? ''].join(' ');
  return text.normalize('NFC').toLowerCase();
}

function escapeLike(word: string): string {
  return word.normalize('NFC').toLowerCase().replace(/[!%_]/g, '!$&');
}

type CustomerColumns = Omit<Tables['customers'], 'id'> & { id?: number };

const columnNames = {
  poolId: 'pool_id',
  websiteId: 'website_id',
  storeId: 'store_id',
  createdIn: 'created_in',
  email: 'email',
  givenName: 'given_name',
  familyName: 'family_name',
  salutationId: 'salutation_id',
  titleId: 'title_id',
  languageId: 'language_id',
  birthday: 'birthday',
  genderCode: 'gender_code',
  genderToken: 'gender_token',
  phone: 'phone',
  mobile: 'mobile',
  fax: 'fax',
  countryCode: 'country_code',
  level: 'level',
  categoryId: 'category_id',
  debtorNumber: 'debtor_number',
  hasVoucherPayment: 'has_voucher_payment',
  hasCollectiveInvoicePayment: 'has_collective_invoice_payment',
  isInstitution: 'is_institution',
  institution: 'institution',
  notes: 'notes',
  paymentModeId: 'payment_mode_id',
  priceTargetAudienceId: 'price_target_audience_id',
  foreignId: 'foreign_id',
  groupId: 'group_id',
  unconfirmedSince: 'unconfirmed_since',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
} as const satisfies Record<Exclude<keyof Customer, 'id' | 'hasPassword'>, keyof Tables['customers']>;

function toColumns(fields: Partial<Customer>): Partial<CustomerColumns> {
  const columns: Record<string, unknown> = {};
  if (fields.id !== undefined) columns.id = fields.id;
  for (const [field, column] of Object.entries(columnNames)) {
    const value = fields[field as keyof typeof columnNames];
    if (value !== undefined) columns[column] = typeof value === 'boolean' ? Number(value) : value;
  }
  if (fields.email !== undefined) columns.normalized_email = normalizeEmail(fields.email);
  if (fields.createdAt !== undefined) columns.search_text = searchText(fields as Customer);
  return columns;
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
