import type { Handle } from './handle.ts';
import { preparedWrite } from './prepared.ts';

const insertMembership = preparedWrite((db, customerId: number, groupId: number, joinedAt: string) =>
  db
    .insertInto('memberships')
    .values({ customer_id: customerId, group_id: groupId, joined_at: joinedAt })
    .onConflict((conflict) => conflict.columns(['customer_id', 'group_id']).doNothing()),
);

const deleteMembership = preparedWrite((db, customerId: number, groupId: number) =>
  db.deleteFrom('memberships').where('customer_id', '=', customerId).where('group_id', '=', groupId),
);

/** Joins a group; for a member nothing changes, and the time of joining stays. */
export async function add(handle: Handle, customerId: number, groupId: number, joinedAt: string): Promise<void> {
  await insertMembership(handle, customerId, groupId, joinedAt);
}

/** Leaves a group; nothing happens to who is no member. */
export async function remove(handle: Handle, customerId: number, groupId: number): Promise<void> {
  await deleteMembership(handle, customerId, groupId);
}
