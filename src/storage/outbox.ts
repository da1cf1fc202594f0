import type { Origin } from '../accounts/access.ts';
import type { AccountEvent, OutboxEntry } from '../accounts/events.ts';
import type { Handle } from './database.ts';

/** Adds an event, in the transaction of the change it tells of. */
export async function append(handle: Handle, entry: Omit<OutboxEntry, 'id'>): Promise<void> {
  await handle.run(
    handle.db
      .insertInto('outbox')
      .values({
        customer_id: entry.event.customerId,
        type: entry.event.type,
        event: JSON.stringify(entry.event),
        origin: entry.origin,
        actor: entry.actor,
        request_id: entry.requestId,
        occurred_at: entry.occurredAt,
      })
      .compile(),
  );
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
