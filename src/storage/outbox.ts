import type { Origin } from '../accounts/access.ts';
import type { AccountEvent, OutboxEntry } from '../accounts/events.ts';
import type { Handle } from './database.ts';
import { prepared } from './prepared.ts';

const insertEntry = prepared(
  (
    db,
    customerId: number,
    type: string,
    event: string,
    origin: string,
    actor: string,
    requestId: string,
    occurredAt: string,
  ) =>
    db.insertInto('outbox').values({
      customer_id: customerId,
      type,
      event,
      origin,
      actor,
      request_id: requestId,
      occurred_at: occurredAt,
    }),
);

/** Adds an event, in the transaction of the change it tells of. */
export async function append(handle: Handle, entry: Omit<OutboxEntry, 'id'>): Promise<void> {
  const { event, origin, actor, requestId, occurredAt } = entry;
  await insertEntry(handle, event.customerId, event.type, JSON.stringify(event), origin, actor, requestId, occurredAt);
}

/** The oldest entries, in the order they were written. */
export async function list(handle: Handle, limit: number): Promise<OutboxEntry[]> {
  const query = handle.db.selectFrom('outbox').selectAll().orderBy('id').limit(limit);
  return (await handle.run(query.compile())).map((row) => ({
    id: row.id,
    event: JSON.parse(row.event) as AccountEvent,
    origin: row.origin as Origin,
    actor: row.actor,
    requestId: row.request_id,
    occurredAt: row.occurred_at,
  }));
}
