import type { Handle } from './database.ts';

export async function add(handle: Handle, customerId: number, groupId: number, joinedAt: string): Promise<void> {
  await handle.run(
    handle.db
      .insertInto('memberships')
      .values({ customer_id: customerId, group_id: groupId, joined_at: joinedAt })
      .onConflict((conflict) => conflict.columns(['customer_id', 'group_id']).doNothing())
      .compile(),
  );
}

export async function remove(handle: Handle, customerId: number, groupId: number): Promise<void> {
  await handle.run(
    handle.db.deleteFrom('memberships').where('customer_id', '=', customerId).where('group_id', '=', groupId).compile(),
  );
}
