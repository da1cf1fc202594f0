import type { ConsentRecord } from '../accounts/store.ts';
import type { Handle } from './database.ts';
import { preparedInsert } from './prepared.ts';

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

/** All records of a customer, oldest first. */
export async function listByCustomer(handle: Handle, customerId: number): Promise<ConsentRecord[]> {
  const query = handle.db.selectFrom('consent_records').selectAll().where('customer_id', '=', customerId).orderBy('id');
  return (await handle.run(query.compile())).map((row) => ({
    customerId: row.customer_id,
    subject: row.subject,
    isGiven: row.is_given === 1,
    origin: row.origin,
    actor: row.actor,
    requestId: row.request_id,
    statedAt: row.stated_at,
  }));
}

/** Removes the records of a customer, for the deletion of the account. */
export async function deleteByCustomer(handle: Handle, customerId: number): Promise<void> {
  await handle.run(handle.db.deleteFrom('consent_records').where('customer_id', '=', customerId).compile());
}
