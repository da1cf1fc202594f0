import { sql } from 'kysely';
import type { Customer } from '../accounts/customer.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { CustomerWithGroups } from '../accounts/store.ts';
import type { SearchedFields } from './search-words.ts';
import type { Tables } from './tables.ts';

/** Columns of a customer as read back; the password hash itself is read only where it is needed. */
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
  'customers.unconfirmed_since',
  'customers.created_at',
  'customers.updated_at',
  // Whether there is one; the hash itself is long, and a secret.
  sql<number>`case when customers.password_hash is null then 0 else 1 end`.as('has_password'),
] as const;

type ColumnOf<Name> = Name extends `customers.${infer Column extends string & keyof Tables['customers']}`
  ? Column
  : never;
export type CustomerRow = {
  [Column in ColumnOf<(typeof customerColumns)[number]>]: Column extends 'id' ? number : Tables['customers'][Column];
} & { has_password: number };

/** Turns a row into the domain's customer. */
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
    hasPassword: row.has_password === 1,
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
  select string_agg(cast(memberships.group_id as text), ',')
  from memberships where memberships.customer_id = customers.id
)`.as('group_ids');

// Sorted here: an ordered aggregate would cost SQLite a sorter at every session check.
const ascending = (a: number, b: number): number => a - b;

/** A customer with groups from a row that holds `groupIdsColumn`. */
export function toCustomerWithGroups(row: CustomerRow & { group_ids: string | null }): CustomerWithGroups {
  return {
    customer: toCustomer(row),
    groupIds: row.group_ids === null ? [] : row.group_ids.split(',').map(Number).sort(ascending),
  };
}

export type CustomerColumns = Omit<Tables['customers'], 'id'> & { id?: number };

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

/** The columns of the given fields; e-mail brings its normalised form along, a whole customer its search text. */
export function toColumns(fields: Partial<Customer>): Partial<CustomerColumns> {
  const columns: Record<string, unknown> = {};
  if (fields.id !== undefined) columns.id = fields.id;
  for (const [field, column] of Object.entries(columnNames)) {
    const value = fields[field as keyof typeof columnNames];
    if (value !== undefined) columns[column] = typeof value === 'boolean' ? Number(value) : value;
  }
  if (fields.email !== undefined) columns.normalized_email = normalizeEmail(fields.email);
  if (fields.createdAt !== undefined) Object.assign(columns, searchColumns(fields as Customer));
  return columns;
}

/** What the release before this one looks through, and the note that `customer_words` has its words. */
export function searchColumns(fields: SearchedFields): { search_text: string; indexed_text: string } {
  const text = [fields.givenName, fields.familyName, fields.email, fields.foreignId ?? ''].join(' ');
  const searchText = text.normalize('NFC').toLowerCase();
  return { search_text: searchText, indexed_text: searchText };
}
