import type { Selectable } from 'kysely';
import type { ConsentRecord, HistoryPage, KeptConsent } from '../accounts/store.ts';
import type { Handle } from './handle.ts';
import { preparedInsert } from './prepared.ts';
import type { Tables } from './tables.ts';

const insertRecords = preparedInsert('consent_records', [
  'customer_id',
  'subject',
  'is_given',
  'origin',
  'actor',
  'request_id',
  'stated_at',
]);

/** Adds records in the order given; nothing ever changes one. */
export async function append(handle: Handle, records: readonly ConsentRecord[]): Promise<void> {
  await insertRecords(
    handle,
    records.map((record) => ({
      customer_id: record.customerId,
      subject: record.subject,
      is_given: Number(record.isGiven),
      origin: record.origin,
      actor: record.actor,
      request_id: record.requestId,
      stated_at: record.statedAt,
    })),
  );
}

/** One page of what a customer stated, newest first. */
export async function listByCustomer(
  handle: Handle,
  customerId: number,
  { limit, beforeId }: HistoryPage,
): Promise<KeptConsent[]> {
  const all = handle.db.selectFrom('consent_records').selectAll().where('customer_id', '=', customerId);
  const query = beforeId === undefined ? all : all.where('id', '<', beforeId);
  return (await handle.run(query.orderBy('id', 'desc').limit(limit).compile())).map(toRecord);
}

/** The newest record of each subject, by subject. Reads all records of the customer. */
export async function listStanding(handle: Handle, customerId: number): Promise<KeptConsent[]> {
  const newest = handle.db
    .selectFrom('consent_records')
    .select(({ fn }) => fn.max('id').as('id'))
    .where('customer_id', '=', customerId)
    .groupBy('subject');
  const query = handle.db.selectFrom('consent_records').selectAll().where('id', 'in', newest);
  return (await handle.run(query.compile())).map(toRecord).sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

function toRecord(row: Selectable<Tables['consent_records']>): KeptConsent {
  return {
    id: row.id,
    customerId: row.customer_id,
    subject: row.subject,
    isGiven: row.is_given === 1,
    origin: row.origin,
    actor: row.actor,
    requestId: row.request_id,
    statedAt: row.stated_at,
  };
}

/** Removes the records of a customer, for the deletion of the account. */
export async function deleteByCustomer(handle: Handle, customerId: number): Promise<void> {
  await handle.run(handle.db.deleteFrom('consent_records').where('customer_id', '=', customerId).compile());
}
