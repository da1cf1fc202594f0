import type { ExpressionBuilder } from 'kysely';
import type {
  DeliveryFilter,
  DeliveryGroup,
  DeliveryPosition,
  QueueRow,
  QueueState,
} from '../accounts/loyalty-queue.ts';
import type { Handle } from './handle.ts';
import { toRow } from './loyalty-queue.ts';
import { notByIndex } from './prepared.ts';
import type { Tables } from './tables.ts';

/** One page of the rows that a filter lets through, those that wait longest first. */
export async function list(
  handle: Handle,
  { chainId, state, errorCode, queuedUntil }: DeliveryFilter,
  { limit, after }: { limit: number; after?: DeliveryPosition },
): Promise<QueueRow[]> {
  let query = handle.db
    .selectFrom('loyalty_queue')
    .selectAll()
    .where('state', '=', state)
    .where('chain_id', '=', chainId);
  if (errorCode !== undefined) query = query.where('error_code', '=', errorCode);
  if (queuedUntil !== undefined) query = query.where('queued_at', '<=', queuedUntil);
  if (after !== undefined) {
    // The first condition says nothing new, but it is the one by which the index finds the place.
    query = query
      .where('queued_at', '>=', after.queuedAt)
      .where(({ eb, or, and }) =>
        or([
          eb('queued_at', '>', after.queuedAt),
          and([eb('queued_at', '=', after.queuedAt), eb('customer_id', '>', after.customerId)]),
        ]),
      );
  }
  const page = query.orderBy('queued_at').orderBy('customer_id').limit(limit);
  return (await handle.run(page.compile())).map(toRow);
}

/** How many rows of a chain are in which state for which reason, the most frequent first. */
export async function group(handle: Handle, chainId: number): Promise<DeliveryGroup[]> {
  const query = handle.db
    .selectFrom('loyalty_queue')
    .select(({ fn }) => [
      'state',
      'error_code',
      fn.countAll<number>().as('count'),
      fn.min<string>('queued_at').as('oldest_at'),
    ])
    .where('chain_id', '=', chainId)
    .groupBy(['state', 'error_code']);
  const groups = (await handle.run(query.compile())).map((row) => ({
    state: row.state as QueueState,
    errorCode: row.error_code,
    count: Number(row.count),
    oldestAt: row.oldest_at,
  }));
  return groups.sort((a, b) => a.state.localeCompare(b.state) || b.count - a.count);
}

/** Of rows that are found by their key. */
const isIn = (state: QueueState) => (eb: ExpressionBuilder<Tables, 'loyalty_queue'>) =>
  notByIndex(eb('state', '=', state));

/** Makes rows that are in a state due at once, dead ones as if they were new; gives whose they were. */
export async function replay(
  handle: Handle,
  { chainId, state }: Pick<DeliveryFilter, 'chainId' | 'state'>,
  customerIds: readonly number[],
  now: string,
): Promise<number[]> {
  if (customerIds.length === 0) return [];
  const asNew = {
    state: 'waiting',
    queued_at: now,
    // As in the queue: it was tried, and that may have come to something.
    attempts: 1,
    first_failed_at: null,
    error_code: null,
    error_text: null,
    payload: null,
  };
  const query = handle.db
    .updateTable('loyalty_queue')
    .set({ due_at: now, ...(state === 'dead' && asNew) })
    .where('chain_id', '=', chainId)
    .where('customer_id', 'in', customerIds)
    .where(isIn(state))
    .returning('customer_id');
  return (await handle.run(query.compile())).map((row) => row.customer_id);
}

/** Removes rows that are in a state, erasures only if they are named; gives whose they were. */
export async function discard(
  handle: Handle,
  { chainId, state }: Pick<DeliveryFilter, 'chainId' | 'state'>,
  customerIds: readonly number[],
  withErasures: boolean,
): Promise<number[]> {
  if (customerIds.length === 0) return [];
  const those = handle.db
    .deleteFrom('loyalty_queue')
    .where('chain_id', '=', chainId)
    .where('customer_id', 'in', customerIds)
    .where(isIn(state))
    .returning('customer_id');
  const query = withErasures ? those : those.where('erasure', 'is', null);
  return (await handle.run(query.compile())).map((row) => row.customer_id);
}

/** Removes up to `limit` rows that were given up before a moment; gives how many. */
export async function deleteDead(handle: Handle, before: string, limit: number): Promise<number> {
  const old = handle.db
    .selectFrom('loyalty_queue')
    .select(['chain_id', 'customer_id'])
    .where('state', '=', 'dead')
    .where('due_at', '<', before)
    .limit(limit);
  const query = handle.db
    .deleteFrom('loyalty_queue')
    .where(({ eb, refTuple }) => eb(refTuple('chain_id', 'customer_id'), 'in', old.$asTuple('chain_id', 'customer_id')))
    .where(isIn('dead'))
    .returning('customer_id');
  return (await handle.run(query.compile())).length;
}
