import { type Selectable, sql } from 'kysely';
import type { Origin } from '../accounts/access.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { HistoryEntry } from '../accounts/events.ts';
import type { HistoryPage } from '../accounts/store.ts';
import type { Handle } from './handle.ts';
import { prepared, preparedInsert, unplanned } from './prepared.ts';
import type { Tables } from './tables.ts';

const insertEntries = preparedInsert('history', [
  'customer_id',
  'field',
  'before',
  'after',
  'origin',
  'actor',
  'request_id',
  'changed_at',
]);

/** Adds entries in the order given; nothing ever changes one. */
export async function append(handle: Handle, entries: readonly Omit<HistoryEntry, 'id'>[]): Promise<void> {
  await insertEntries(
    handle,
    entries.map((entry) => ({
      customer_id: entry.customerId,
      field: entry.field,
      before: toJson(entry.before),
      after: toJson(entry.after),
      origin: entry.origin,
      actor: entry.actor,
      request_id: entry.requestId,
      changed_at: entry.changedAt,
    })),
  );
}

/** All entries of a customer, oldest first. */
export async function listByCustomer(handle: Handle, customerId: number): Promise<HistoryEntry[]> {
  const query = handle.db.selectFrom('history').selectAll().where('customer_id', '=', customerId).orderBy('id');
  return (await handle.run(query.compile())).map(toEntry);
}

/** One page of a customer's changes, newest first, without the sign-ins. */
export async function listChanges(handle: Handle, customerId: number, page: HistoryPage): Promise<HistoryEntry[]> {
  const query = newestFirst(handle, customerId, page).where(isChange);
  return (await handle.run(query.compile())).map(toEntry);
}

/** One page of the entries of one field, newest first. */
export async function listField(
  handle: Handle,
  customerId: number,
  field: string,
  page: HistoryPage,
): Promise<HistoryEntry[]> {
  const all = newestFirst(handle, customerId, page).where('field', '=', field);
  const query = field === signIn ? all : all.where(isChange);
  return (await handle.run(query.compile())).map(toEntry);
}

const selectLastByField = prepared((db, customerId: number) => {
  const newest = db
    .selectFrom('history')
    .select(({ fn }) => fn.max('id').as('id'))
    .where('customer_id', '=', customerId)
    .where(isChange)
    .groupBy('field');
  return db.selectFrom('history').selectAll().where('id', 'in', newest);
});

/** The newest entry of each field but the sign-ins, by field name. Reads all changes of the customer. */
export async function listLastByField(handle: Handle, customerId: number): Promise<HistoryEntry[]> {
  return (await selectLastByField(handle, customerId)).map(toEntry).sort((a, b) => (a.field < b.field ? -1 : 1));
}

/** The field under which a sign-in is written down; there can be many more of these than of all others together. */
const signIn = 'signedIn';
// Written out, because only then a database sees that the index of the changes serves.
const isChange = sql<boolean>`field <> ${sql.lit(signIn)}`;

function newestFirst(handle: Handle, customerId: number, { limit, beforeId }: HistoryPage) {
  const query = handle.db
    .selectFrom('history')
    .selectAll()
    // PostgreSQL knows whose history is long, and would look for it among everybody's newest entries.
    .where('customer_id', '=', unplanned(customerId, 'bigint'))
    .orderBy('id', 'desc')
    .limit(limit);
  return beforeId === undefined ? query : query.where('id', '<', beforeId);
}

function toEntry(row: Selectable<Tables['history']>): HistoryEntry {
  return {
    id: row.id,
    customerId: row.customer_id,
    field: row.field,
    before: fromJson(row.before),
    after: fromJson(row.after),
    origin: row.origin as Origin,
    actor: row.actor,
    requestId: row.request_id,
    changedAt: row.changed_at,
  };
}

/** Tells whether a customer had this e-mail, in any spelling, before a change. */
export async function hadEmail(handle: Handle, customerId: number, email: string): Promise<boolean> {
  const query = handle.db
    .selectFrom('history')
    .select('before')
    .where('customer_id', '=', customerId)
    .where('field', '=', 'email')
    .where(isChange);
  // Kept as typed; only the normalised forms can be compared.
  const normalized = normalizeEmail(email);
  return (await handle.run(query.compile())).some((row) => {
    const before = fromJson(row.before);
    return typeof before === 'string' && normalizeEmail(before) === normalized;
  });
}

const selectAges = prepared((db, afterId: number, limit: number) =>
  db
    .selectFrom('history')
    .select(['id', 'changed_at as changedAt'])
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit),
);

/** The next entries after one, of all customers, and when they were written; a walk through the table in slices. */
export async function listAges(
  handle: Handle,
  afterId: number,
  limit: number,
): Promise<{ id: number; changedAt: string }[]> {
  return selectAges(handle, afterId, limit);
}

const deleteSignInRows = prepared((db, afterId: number, throughId: number) =>
  db.deleteFrom('history').where('id', '>', afterId).where('id', '<=', throughId).where('field', '=', 'signedIn'),
);

/** Removes the sign-ins among the entries after one and up to another. */
export async function deleteSignIns(handle: Handle, afterId: number, throughId: number): Promise<void> {
  await deleteSignInRows(handle, afterId, throughId);
}

/** Removes the entries of a customer, for the deletion of the account. */
export async function deleteByCustomer(handle: Handle, customerId: number): Promise<void> {
  await handle.run(handle.db.deleteFrom('history').where('customer_id', '=', customerId).compile());
}

function toJson(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

function fromJson(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
