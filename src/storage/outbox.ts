import type { Selectable } from 'kysely';
import type { Origin } from '../accounts/access.ts';
import type { AccountEvent, OutboxEntry } from '../accounts/events.ts';
import type { Handle } from './handle.ts';
import { prepared, preparedWrite } from './prepared.ts';
import type { Tables } from './tables.ts';

const insertEntry = preparedWrite(
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
  return (await handle.run(query.compile())).map(toEntry);
}

const selectFirst = prepared((db) => db.selectFrom('outbox').select('id').orderBy('id').limit(1));

/** Tells whether no event waits. */
export async function isEmpty(handle: Handle): Promise<boolean> {
  return (await selectFirst(handle)).length === 0;
}

const selectOfCustomer = prepared((db, customerId: number) =>
  db.selectFrom('outbox').select('id').where('customer_id', '=', customerId).limit(1),
);

/** Tells whether an event of a customer waits to be looked at. */
export async function hasEventOf(handle: Handle, customerId: number): Promise<boolean> {
  return (await selectOfCustomer(handle, customerId)).length > 0;
}

const selectCount = prepared((db, atMost: number) =>
  db
    .selectFrom(db.selectFrom('outbox').select('id').limit(atMost).as('counted'))
    .select(({ fn }) => fn.countAll<number>().as('count')),
);

/** Number of events; it stops counting at `atMost`. */
export async function count(handle: Handle, atMost: number): Promise<number> {
  return (await selectCount(handle, atMost))[0]?.count ?? 0;
}

const deleteOldest = prepared((db, limit: number) =>
  db
    .deleteFrom('outbox')
    .where('id', 'in', db.selectFrom('outbox').select('id').orderBy('id').limit(limit))
    .returningAll(),
);

/**
 * Takes the oldest entries out, in the order they were written. A second caller waits for the first and then finds them
 * gone: it may get fewer than there are, or none.
 */
export async function take(handle: Handle, limit: number): Promise<OutboxEntry[]> {
  const rows = await deleteOldest(handle, limit);
  return rows.sort((a, b) => a.id - b.id).map(toEntry);
}

function toEntry(row: Selectable<Tables['outbox']>): OutboxEntry {
  return {
    id: row.id,
    event: JSON.parse(row.event) as AccountEvent,
    origin: row.origin as Origin,
    actor: row.actor,
    requestId: row.request_id,
    occurredAt: row.occurred_at,
  };
}
