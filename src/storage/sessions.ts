import { sql } from 'kysely';
import type { NewSession, Session } from '../accounts/session.ts';
import type { SessionWithCustomer } from '../accounts/store.ts';
import { customerColumns, groupIdsColumn, toCustomerWithGroups } from './customer-row.ts';
import type { Handle } from './handle.ts';
import { lookup } from './lookup.ts';
import { prepared, preparedInsert, preparedRequirement, preparedWrite } from './prepared.ts';

// One query for session, customer and groups: it runs for every signed-in request.
const selectByClientId = lookup(
  (db, clientIds) =>
    db
      .selectFrom('sessions')
      .innerJoin('customers', 'customers.id', 'sessions.customer_id')
      .select(customerColumns)
      .select(groupIdsColumn)
      .select([
        'sessions.id as session_id',
        'sessions.client_id',
        'sessions.token_hash',
        'sessions.previous_token_hash',
        'sessions.previous_valid_until',
        'sessions.rotation_seed',
        'sessions.uid',
        'sessions.expires_at',
        'sessions.created_at as session_created_at',
        'sessions.last_used_at',
        'sessions.network_hash',
      ])
      .where('sessions.client_id', 'in', clientIds as string[]),
  (row) => row.client_id,
);

/** Finds a session with its customer and groups, expired or not: telling is up to `matchToken`. */
export async function findByClientId(handle: Handle, clientId: string): Promise<SessionWithCustomer | undefined> {
  const [row] = await selectByClientId(handle, clientId);
  if (row === undefined) return undefined;
  const session: Session = {
    id: row.session_id,
    customerId: row.id,
    clientId: row.client_id,
    tokenHash: row.token_hash,
    previousTokenHash: row.previous_token_hash,
    previousValidUntil: row.previous_valid_until,
    rotationSeed: row.rotation_seed,
    uid: row.uid,
    expiresAt: row.expires_at,
    createdAt: row.session_created_at,
    lastUsedAt: row.last_used_at,
    networkHash: row.network_hash,
  };
  return { ...toCustomerWithGroups(row), session };
}

const selectKnownNetwork = prepared((db, customerId: number, networkHash: string) =>
  db
    .selectFrom('sessions')
    .select('id')
    .where('customer_id', '=', customerId)
    .where('network_hash', '=', networkHash)
    // Written out: SQLite prepares a statement anew whenever the value of a `limit ?` is bound.
    .limit(sql.lit(1)),
);

/** Tells whether a session of the customer began in this network. */
export async function isKnownNetwork(handle: Handle, customerId: number, networkHash: string): Promise<boolean> {
  return (await selectKnownNetwork(handle, customerId, networkHash)).length > 0;
}

const selectOpen = prepared((db, id: number) => db.selectFrom('sessions').select('id').where('id', '=', id));

/** Tells whether a session has not been ended. */
export async function isOpen(handle: Handle, id: number): Promise<boolean> {
  return (await selectOpen(handle, id)).length > 0;
}

const requireOpen = preparedRequirement(({ db, trust }, id: number) =>
  trust!.requiring.read(db.selectFrom('sessions').select('id').where('id', '=', id)),
);

/**
 * The same inside a transaction, once the customer is locked by what was written: nobody can end the session for another one's
 * sake after that. On PostgreSQL it is not waited for; where the session has ended, the transaction begins anew.
 */
export async function isStillOpen(handle: Handle, id: number): Promise<boolean> {
  if (handle.trust === undefined) return isOpen(handle, id);
  await handle.write(requireOpen(handle, id));
  return true;
}

const insertSessions = preparedInsert('sessions', [
  'customer_id',
  'client_id',
  'token_hash',
  'previous_token_hash',
  'previous_valid_until',
  'rotation_seed',
  'uid',
  'expires_at',
  'created_at',
  'last_used_at',
  'network_hash',
]);

/** Writes a session. Client ids are random and unique. */
export async function insert(handle: Handle, session: NewSession): Promise<void> {
  await insertSessions(handle, [
    {
      customer_id: session.customerId,
      client_id: session.clientId,
      token_hash: session.tokenHash,
      previous_token_hash: session.previousTokenHash,
      previous_valid_until: session.previousValidUntil,
      rotation_seed: session.rotationSeed,
      uid: session.uid,
      expires_at: session.expiresAt,
      created_at: session.createdAt,
      last_used_at: session.lastUsedAt,
      network_hash: session.networkHash,
    },
  ]);
}

const moveToken = prepared(
  (
    db,
    id: number,
    fromTokenHash: string,
    tokenHash: string,
    previousTokenHash: string | null,
    previousValidUntil: string | null,
    expiresAt: string,
    lastUsedAt: string,
  ) =>
    db
      .updateTable('sessions')
      .set({
        token_hash: tokenHash,
        previous_token_hash: previousTokenHash,
        previous_valid_until: previousValidUntil,
        expires_at: expiresAt,
        last_used_at: lastUsedAt,
      })
      .where('id', '=', id)
      .where('token_hash', '=', fromTokenHash)
      .returning('id'),
);

/** Moves a session to its next token if it still is at `fromTokenHash`; false when another request was first. */
export async function rotate(
  handle: Handle,
  id: number,
  fromTokenHash: string,
  next: Pick<Session, 'tokenHash' | 'previousTokenHash' | 'previousValidUntil' | 'expiresAt' | 'lastUsedAt'>,
): Promise<boolean> {
  const { tokenHash, previousTokenHash, previousValidUntil, expiresAt, lastUsedAt } = next;
  const rows = await moveToken(
    handle,
    id,
    fromTokenHash,
    tokenHash,
    previousTokenHash,
    previousValidUntil,
    expiresAt,
    lastUsedAt,
  );
  return rows.length > 0;
}

/** Moves the expiry on; an earlier one than the stored changes nothing. */
export async function extend(handle: Handle, id: number, expiresAt: string, lastUsedAt: string): Promise<void> {
  await handle.run(
    handle.db
      .updateTable('sessions')
      .set({ expires_at: expiresAt, last_used_at: lastUsedAt })
      .where('id', '=', id)
      .where('expires_at', '<=', expiresAt)
      .compile(),
  );
}

const deleteOne = preparedWrite((db, id: number) => db.deleteFrom('sessions').where('id', '=', id));

/** Ends one session. */
export async function deleteById(handle: Handle, id: number): Promise<void> {
  await deleteOne(handle, id);
}

/** Ends all sessions of a customer, but for the acting one if its id is given. */
export async function deleteByCustomer(handle: Handle, customerId: number, exceptId?: number): Promise<void> {
  let query = handle.db.deleteFrom('sessions').where('customer_id', '=', customerId);
  if (exceptId !== undefined) query = query.where('id', '!=', exceptId);
  await handle.run(query.compile());
}

/** Ends a customer's expired sessions, and those with the lowest expiry until `keep` are left. */
export async function prune(handle: Handle, customerId: number, keep: number, now: string): Promise<void> {
  const expendable = (await selectByExpiry(handle, customerId)).filter(
    ({ expires_at }, index) => index >= keep || expires_at <= now,
  );
  for (const { id } of expendable) await deleteById(handle, id);
}

const selectByExpiry = prepared((db, customerId: number) =>
  db
    .selectFrom('sessions')
    .select(['id', 'expires_at'])
    .where('customer_id', '=', customerId)
    .orderBy('expires_at', 'desc')
    .orderBy('id', 'desc'),
);

/** Ends up to `limit` sessions past their time; gives how many there were. */
export async function deleteExpired(handle: Handle, now: string, limit: number): Promise<number> {
  const expired = handle.db
    .selectFrom('sessions')
    .select('id')
    .where('expires_at', '<=', now)
    // The order of the index: else PostgreSQL reads past all that are open, where many are over.
    .orderBy('expires_at')
    .limit(limit);
  const query = handle.db.deleteFrom('sessions').where('id', 'in', expired).returning('id');
  return (await handle.run(query.compile())).length;
}
