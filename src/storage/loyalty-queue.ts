import { type Selectable, sql } from 'kysely';
import type { Claim, Erasure, QueueFailure, QueueOrder, QueueRow, QueueState } from '../accounts/loyalty-queue.ts';
import type { SentWords } from '../accounts/sent-words.ts';
import type { Handle } from './handle.ts';
import { isFree, isStillFree } from './leases.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

const selectByKey = prepared((db, chainId: number, customerId: number) =>
  db.selectFrom('loyalty_queue').selectAll().where('chain_id', '=', chainId).where('customer_id', '=', customerId),
);

/** One row by its key; undefined when nothing waits for this customer. */
export async function find(handle: Handle, chainId: number, customerId: number): Promise<QueueRow | undefined> {
  const [row] = await selectByKey(handle, chainId, customerId);
  return row && toRow(row);
}

const selectDue = prepared((db, chainId: number, now: string) =>
  db
    .selectFrom('loyalty_queue')
    .select('customer_id')
    .where('chain_id', '=', chainId)
    .where(isFree(now))
    // The order of the index, without which PostgreSQL reads past all that are dead.
    .orderBy('due_at')
    .limit(1),
);

/** Tells whether something of a chain waits that is due and that nobody works on. */
export async function hasDue(handle: Handle, chainId: number, now: string): Promise<boolean> {
  return (await selectDue(handle, chainId, now)).length > 0;
}

const selectCount = prepared((db, chainId: number, state: string, atMost: number) =>
  db
    .selectFrom(
      db
        .selectFrom('loyalty_queue')
        .select('chain_id')
        .where('chain_id', '=', chainId)
        .where('state', '=', state)
        .limit(atMost)
        .as('counted'),
    )
    .select(({ fn }) => fn.countAll<number>().as('count')),
);

/** Number of rows of a chain in a state; it stops counting at `atMost`. */
export async function count(handle: Handle, chainId: number, state: QueueState, atMost: number): Promise<number> {
  return (await selectCount(handle, chainId, state, atMost))[0]?.count ?? 0;
}

const selectOldest = prepared((db, chainId: number) =>
  db
    .selectFrom('loyalty_queue')
    .select('queued_at')
    .where('chain_id', '=', chainId)
    .where('state', '=', 'waiting')
    .orderBy('queued_at')
    .limit(1),
);

/** Since when the oldest waiting row of a chain waits. */
export async function findOldest(handle: Handle, chainId: number): Promise<string | undefined> {
  return (await selectOldest(handle, chainId))[0]?.queued_at;
}

/**
 * Adds rows, or joins what is asked to the row that is there. A row that backs off goes on doing so; a dead one waits again
 * as if it were new, because the customer is not what was refused any more.
 */
export async function enqueue(handle: Handle, orders: readonly QueueOrder[], now: string): Promise<void> {
  if (orders.length === 0) return;
  const rows = orders.map((order) => ({
    chain_id: order.chainId,
    customer_id: order.customerId,
    wants_push: Number(order.wantsPush),
    wants_pull: Number(order.wantsPull),
    erasure: order.erasure === null ? null : JSON.stringify(order.erasure),
    revision: 1,
    state: 'waiting',
    queued_at: now,
    due_at: now,
    attempts: 0,
    request_id: order.requestId,
  }));
  const ifDead = (fresh: string, kept: string) =>
    sql<never>`case when loyalty_queue.state = 'dead' then ${sql.raw(fresh)} else ${sql.raw(kept)} end`;
  const query = handle.db
    .insertInto('loyalty_queue')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['chain_id', 'customer_id']).doUpdateSet({
        wants_push: sql`case when excluded.wants_push = 1 then 1 else loyalty_queue.wants_push end`,
        wants_pull: sql`case when excluded.wants_pull = 1 then 1 else loyalty_queue.wants_pull end`,
        erasure: sql`coalesce(excluded.erasure, loyalty_queue.erasure)`,
        revision: sql`loyalty_queue.revision + 1`,
        state: 'waiting',
        queued_at: ifDead('excluded.queued_at', 'loyalty_queue.queued_at'),
        due_at: ifDead('excluded.due_at', 'loyalty_queue.due_at'),
        // It was tried, and nobody knows of each try what came of it; the day after which it is given up begins anew.
        attempts: ifDead('1', 'loyalty_queue.attempts'),
        first_failed_at: ifDead('null', 'loyalty_queue.first_failed_at'),
        error_code: ifDead('null', 'loyalty_queue.error_code'),
        error_text: ifDead('null', 'loyalty_queue.error_text'),
        payload: null,
        // Of an erased person not even digests are kept.
        sent: sql`case when excluded.erasure is null then loyalty_queue.sent else null end`,
        request_id: sql`excluded.request_id`,
      }),
    );
  await handle.run(query.compile());
}

/**
 * Takes up to `limit` due rows of a chain, the longest due first. The condition stands twice: the inner one chooses, and the
 * outer one is looked at again where another caller was first and the row had to be waited for.
 */
export async function claim(
  handle: Handle,
  chainId: number,
  limit: number,
  lease: { token: string; until: string },
  now: string,
): Promise<QueueRow[]> {
  const free = handle.db
    .selectFrom('loyalty_queue')
    .select(['chain_id', 'customer_id'])
    .where('chain_id', '=', chainId)
    .where(isFree(now))
    .orderBy('due_at')
    .limit(limit);
  const query = handle.db
    .updateTable('loyalty_queue')
    .set({
      lease_token: lease.token,
      leased_until: lease.until,
      // Whoever had it last left without a word: what they had begun may have been carried out.
      attempts: sql`case when lease_token is null then attempts else attempts + 1 end`,
      first_failed_at: sql`case when lease_token is null then first_failed_at else coalesce(first_failed_at, ${now}) end`,
    })
    .where(({ eb, refTuple }) =>
      eb(refTuple('chain_id', 'customer_id'), 'in', free.$asTuple('chain_id', 'customer_id')),
    )
    .where(isStillFree(now))
    .returningAll();
  const rows = (await handle.run(query.compile())).map(toRow);
  return rows.sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1));
}

/** Makes a lease last longer; false when the row is no longer the caller's. */
export async function renew(handle: Handle, claim: Claim, until: string): Promise<boolean> {
  const query = held(handle, claim).set({ leased_until: until }).returning('revision');
  return (await handle.run(query.compile())).length > 0;
}

/** Tells whether the row is still the caller's; it stays so until the transaction ends. */
export async function holds(handle: Handle, { chainId, customerId, leaseToken }: Claim): Promise<boolean> {
  const query = handle.db
    .selectFrom('loyalty_queue')
    .select('revision')
    .where('chain_id', '=', chainId)
    .where('customer_id', '=', customerId)
    .where('lease_token', '=', leaseToken);
  return (await handle.run(handle.lockRows(query).compile())).length > 0;
}

/** Removes a row that is done; false when it changed meanwhile or is no longer the caller's. */
export async function remove(handle: Handle, claim: Claim): Promise<boolean> {
  const query = handle.db
    .deleteFrom('loyalty_queue')
    .where('chain_id', '=', claim.chainId)
    .where('customer_id', '=', claim.customerId)
    .where('lease_token', '=', claim.leaseToken)
    .where('revision', '=', claim.revision)
    .returning('revision');
  return (await handle.run(query.compile())).length > 0;
}

/** Notes what is about to be sent; false when the row is no longer the caller's. */
export async function noteSent(handle: Handle, claim: Claim, sent: SentWords): Promise<boolean> {
  const query = held(handle, claim)
    .set({ sent: JSON.stringify(sent) })
    .returning('revision');
  return (await handle.run(query.compile())).length > 0;
}

/** Gives a row back untouched. */
export async function release(handle: Handle, claim: Claim): Promise<void> {
  await handle.run(held(handle, claim).set({ lease_token: null, leased_until: null }).compile());
}

/** Marks a row whose `sent` holds words of somebody who did not hold it any more. */
const doubted = 'sent_late';

/** Notes what was sent by somebody who did not hold the row any more: whoever does may be through with it, and it stays. */
export async function noteLate(handle: Handle, chainId: number, customerId: number, sent: SentWords): Promise<void> {
  const query = handle.db
    .updateTable('loyalty_queue')
    .set({ sent: JSON.stringify(sent), error_code: doubted })
    .where('chain_id', '=', chainId)
    .where('customer_id', '=', customerId);
  await handle.run(query.compile());
}

/** Gives a row back that is done but changed meanwhile: it begins anew. */
export async function reopen(handle: Handle, claim: Claim, now: string): Promise<void> {
  const anew = { queued_at: now, due_at: now, attempts: 0, first_failed_at: null, error_code: null, error_text: null };
  const sent = sql<string | null>`case when error_code = ${doubted} then sent else null end`;
  const query = held(handle, claim).set({ ...anew, sent, lease_token: null, leased_until: null });
  await handle.run(query.compile());
}

/** Gives a row back after a failure, to be tried again when it is due. */
export async function postpone(handle: Handle, claim: Claim, failure: QueueFailure): Promise<void> {
  const query = held(handle, claim).set({ ...failureColumns(failure), lease_token: null, leased_until: null });
  await handle.run(query.compile());
}

/** Gives a row up; false when it changed meanwhile or is no longer the caller's. */
export async function bury(
  handle: Handle,
  claim: Claim,
  failure: QueueFailure,
  payload: string | null,
): Promise<boolean> {
  const query = held(handle, claim)
    .set({ ...failureColumns(failure), state: 'dead', payload, lease_token: null, leased_until: null })
    .where('revision', '=', claim.revision)
    .returning('revision');
  return (await handle.run(query.compile())).length > 0;
}

/** Tells the row whom the platform knows by now, for an erasure that was ordered meanwhile. */
export async function saveErasure(
  handle: Handle,
  chainId: number,
  customerId: number,
  erasure: Erasure,
): Promise<void> {
  const query = handle.db
    .updateTable('loyalty_queue')
    .set({ erasure: JSON.stringify(erasure) })
    .where('chain_id', '=', chainId)
    .where('customer_id', '=', customerId);
  await handle.run(query.compile());
}

function held(handle: Handle, { chainId, customerId, leaseToken }: Claim) {
  return handle.db
    .updateTable('loyalty_queue')
    .where('chain_id', '=', chainId)
    .where('customer_id', '=', customerId)
    .where('lease_token', '=', leaseToken);
}

function failureColumns(failure: QueueFailure) {
  return {
    due_at: failure.dueAt,
    attempts: failure.attempts,
    first_failed_at: failure.firstFailedAt,
    error_code: failure.errorCode,
    error_text: failure.errorText,
  };
}

/** Turns a row into the domain's. */
export function toRow(row: Selectable<Tables['loyalty_queue']>): QueueRow {
  return {
    chainId: row.chain_id,
    customerId: row.customer_id,
    wantsPush: row.wants_push === 1,
    wantsPull: row.wants_pull === 1,
    erasure: row.erasure === null ? null : (JSON.parse(row.erasure) as Erasure),
    revision: row.revision,
    state: row.state as QueueState,
    queuedAt: row.queued_at,
    dueAt: row.due_at,
    attempts: row.attempts,
    firstFailedAt: row.first_failed_at,
    leaseToken: row.lease_token,
    leasedUntil: row.leased_until,
    errorCode: row.error_code,
    errorText: row.error_text,
    payload: row.payload,
    sent: row.sent === null ? null : (JSON.parse(row.sent) as SentWords),
    requestId: row.request_id,
  };
}
