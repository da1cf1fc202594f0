import type { Selectable } from 'kysely';
import type { InboxEntry, InboxNotice, InboxState, NewInboxEntry } from '../accounts/loyalty-queue.ts';
import type { Handle } from './handle.ts';
import { isFree, isStillFree } from './leases.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/** One entry by its id. */
export async function find(handle: Handle, id: number): Promise<InboxEntry | undefined> {
  const query = handle.db.selectFrom('loyalty_inbox').selectAll().where('id', '=', id);
  const [row] = await handle.run(query.compile());
  return row && toEntry(row);
}

const noticeColumns = [
  'id',
  'chain_id',
  'digest',
  'subject',
  'state',
  'received_at',
  'due_at',
  'attempts',
  'lease_token',
  'leased_until',
  'error_text',
  'request_id',
] as const;

/** The latest notices about a person, without what they say; the latest first. */
export async function listBySubject(
  handle: Handle,
  chainId: number,
  subject: string,
  limit: number,
): Promise<InboxNotice[]> {
  const query = handle.db
    .selectFrom('loyalty_inbox')
    .select(noticeColumns)
    .where('chain_id', '=', chainId)
    .where('subject', '=', subject)
    .orderBy('id', 'desc')
    .limit(limit);
  return (await handle.run(query.compile())).map(toNotice);
}

const selectDue = prepared((db, now: string) =>
  db.selectFrom('loyalty_inbox').select('id').where(isFree(now)).orderBy('due_at').limit(1),
);

/** Tells whether an entry waits that is due and that nobody works on. */
export async function hasDue(handle: Handle, now: string): Promise<boolean> {
  return (await selectDue(handle, now)).length > 0;
}

const selectCount = prepared((db, state: string, atMost: number) =>
  db
    .selectFrom(db.selectFrom('loyalty_inbox').select('state').where('state', '=', state).limit(atMost).as('counted'))
    .select(({ fn }) => fn.countAll<number>().as('count')),
);

/** Number of entries in a state; it stops counting at `atMost`. */
export async function count(handle: Handle, state: InboxState, atMost: number): Promise<number> {
  return (await selectCount(handle, state, atMost))[0]?.count ?? 0;
}

const insertEntry = prepared(
  (
    db,
    chainId: number,
    digest: string,
    subject: string,
    body: string,
    receivedAt: string,
    dueAt: string,
    requestId: string,
  ) =>
    db
      .insertInto('loyalty_inbox')
      .values({
        chain_id: chainId,
        digest,
        subject,
        body,
        state: 'waiting',
        received_at: receivedAt,
        due_at: dueAt,
        attempts: 0,
        request_id: requestId,
      })
      .onConflict((conflict) => conflict.columns(['chain_id', 'digest']).doNothing())
      .returning('id'),
);

/** Takes a notice in; false when the same content is there already. */
export async function insert(handle: Handle, entry: NewInboxEntry): Promise<boolean> {
  const { chainId, digest, subject, body, receivedAt, requestId } = entry;
  return (await insertEntry(handle, chainId, digest, subject, body, receivedAt, receivedAt, requestId)).length > 0;
}

/**
 * Takes up to `limit` due entries, one per person at most and none whose elder waits, so that each person's come in order. The
 * outer condition is looked at again where another caller was first and the entry had to be waited for.
 */
export async function claim(
  handle: Handle,
  limit: number,
  lease: { token: string; until: string },
  now: string,
): Promise<InboxEntry[]> {
  const free = handle.db
    .selectFrom('loyalty_inbox')
    .select('id')
    .where(isFree(now))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('loyalty_inbox as elder')
            .select('elder.id')
            .whereRef('elder.chain_id', '=', 'loyalty_inbox.chain_id')
            .whereRef('elder.subject', '=', 'loyalty_inbox.subject')
            .whereRef('elder.id', '<', 'loyalty_inbox.id')
            .where('elder.state', '=', 'waiting'),
        ),
      ),
    )
    .orderBy('due_at')
    .limit(limit);
  const query = handle.db
    .updateTable('loyalty_inbox')
    .set({ lease_token: lease.token, leased_until: lease.until })
    .where('id', 'in', free)
    .where(isStillFree(now))
    .returningAll();
  return (await handle.run(query.compile())).map(toEntry).sort((a, b) => a.id - b.id);
}

const selectOldest = prepared((db) =>
  db
    .selectFrom('loyalty_inbox')
    .select('received_at')
    .where('state', '=', 'waiting')
    .orderBy('state')
    .orderBy('due_at')
    .limit(1),
);

/** Since when the entry waits whose turn it is next. */
export async function findOldest(handle: Handle): Promise<string | undefined> {
  return (await selectOldest(handle))[0]?.received_at;
}

/**
 * Ends the work on an entry that is still the caller's; false when it is not. What is done with or given up is kept
 * without its body: the digest is enough to know it again, and nobody who is erased later is found in it.
 */
export async function settle(
  handle: Handle,
  id: number,
  leaseToken: string,
  { state, dueAt, attempts, errorText }: Pick<InboxEntry, 'state' | 'dueAt' | 'attempts' | 'errorText'>,
): Promise<boolean> {
  const query = handle.db
    .updateTable('loyalty_inbox')
    .set({ state, due_at: dueAt, attempts, error_text: errorText, lease_token: null, leased_until: null })
    .$if(state !== 'waiting', (update) => update.set({ body: '' }))
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .returning('id');
  return (await handle.run(query.compile())).length > 0;
}

/** Removes up to `limit` entries in a state that were due before a moment; gives how many. */
export async function deleteOlder(
  handle: Handle,
  state: Exclude<InboxState, 'waiting'>,
  before: string,
  limit: number,
): Promise<number> {
  const old = handle.db
    .selectFrom('loyalty_inbox')
    .select('id')
    .where('state', '=', state)
    .where('due_at', '<', before)
    .limit(limit);
  const query = handle.db.deleteFrom('loyalty_inbox').where('id', 'in', old).returning('id');
  return (await handle.run(query.compile())).length;
}

/** Removes everything about a person of a chain. */
export async function deleteBySubject(handle: Handle, chainId: number, subject: string): Promise<void> {
  const query = handle.db.deleteFrom('loyalty_inbox').where('chain_id', '=', chainId).where('subject', '=', subject);
  await handle.run(query.compile());
}

function toEntry(row: Selectable<Tables['loyalty_inbox']>): InboxEntry {
  return { ...toNotice(row), body: row.body };
}

function toNotice(row: Omit<Selectable<Tables['loyalty_inbox']>, 'body'>): InboxNotice {
  return {
    id: row.id,
    chainId: row.chain_id,
    digest: row.digest,
    subject: row.subject,
    state: row.state as InboxState,
    receivedAt: row.received_at,
    dueAt: row.due_at,
    attempts: row.attempts,
    leaseToken: row.lease_token,
    leasedUntil: row.leased_until,
    errorText: row.error_text,
    requestId: row.request_id,
  };
}
