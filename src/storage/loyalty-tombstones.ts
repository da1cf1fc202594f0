import { type Selectable, sql } from 'kysely';
import type { Tombstone } from '../accounts/loyalty-queue.ts';
import type { Handle } from './handle.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

const selectByCustomer = prepared((db, chainId: number, customerId: number) =>
  db.selectFrom('loyalty_tombstones').selectAll().where('chain_id', '=', chainId).where('customer_id', '=', customerId),
);

const selectByUserId = prepared((db, chainId: number, spaazaUserId: number) =>
  db
    .selectFrom('loyalty_tombstones')
    .selectAll()
    .where('chain_id', '=', chainId)
    .where('spaaza_user_id', '=', spaazaUserId)
    .limit(1),
);

const selectByEmail = prepared((db, chainId: number, emailDigest: string) =>
  db
    .selectFrom('loyalty_tombstones')
    .selectAll()
    .where('chain_id', '=', chainId)
    .where('email_digest', '=', emailDigest)
    .orderBy('erased_at', 'desc')
    .limit(1),
);

/** The tombstone of an erased customer. */
export async function find(handle: Handle, chainId: number, customerId: number): Promise<Tombstone | undefined> {
  return first(await selectByCustomer(handle, chainId, customerId));
}

/** Who was erased here and had this id at the platform. */
export async function findByUserId(
  handle: Handle,
  chainId: number,
  spaazaUserId: number,
): Promise<Tombstone | undefined> {
  return first(await selectByUserId(handle, chainId, spaazaUserId));
}

/** Who was erased here last and had an e-mail with this digest. */
export async function findByEmail(
  handle: Handle,
  chainId: number,
  emailDigest: string,
): Promise<Tombstone | undefined> {
  return first(await selectByEmail(handle, chainId, emailDigest));
}

/** Writes tombstones, over an earlier one of the same customer; an id that only that one knew is kept. */
export async function insert(handle: Handle, tombstones: readonly Tombstone[]): Promise<void> {
  if (tombstones.length === 0) return;
  const query = handle.db
    .insertInto('loyalty_tombstones')
    .values(
      tombstones.map((tombstone) => ({
        chain_id: tombstone.chainId,
        customer_id: tombstone.customerId,
        spaaza_user_id: tombstone.spaazaUserId,
        email_digest: tombstone.emailDigest,
        erased_at: tombstone.erasedAt,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['chain_id', 'customer_id']).doUpdateSet({
        spaaza_user_id: sql`coalesce(excluded.spaaza_user_id, loyalty_tombstones.spaaza_user_id)`,
        email_digest: sql`excluded.email_digest`,
        erased_at: sql`excluded.erased_at`,
      }),
    );
  await handle.run(query.compile());
}

/**
 * Removes up to `limit` that are older than a moment; gives how many. Those of customers who are still here stay: the platform
 * erased them, and they must not be told of again.
 */
export async function deleteOlder(handle: Handle, erasedAt: string, limit: number): Promise<number> {
  const old = handle.db
    .selectFrom('loyalty_tombstones')
    .select(['chain_id', 'customer_id'])
    .where('erased_at', '<', erasedAt)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('customers').select('id').whereRef('customers.id', '=', 'loyalty_tombstones.customer_id'))),
    )
    .limit(limit);
  const query = handle.db
    .deleteFrom('loyalty_tombstones')
    .where(({ eb, refTuple }) => eb(refTuple('chain_id', 'customer_id'), 'in', old.$asTuple('chain_id', 'customer_id')))
    .returning('customer_id');
  return (await handle.run(query.compile())).length;
}

function first(rows: readonly Selectable<Tables['loyalty_tombstones']>[]): Tombstone | undefined {
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    chainId: row.chain_id,
    customerId: row.customer_id,
    spaazaUserId: row.spaaza_user_id,
    emailDigest: row.email_digest,
    erasedAt: row.erased_at,
  };
}
