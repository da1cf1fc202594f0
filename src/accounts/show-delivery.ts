import type { RequestContext } from './access.ts';
import { parseCustomerId } from './customer-id.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import { findCustomer, noCustomer } from './find-customer.ts';
import type { QueueRow } from './loyalty-queue.ts';
import { requireOperator } from './require-scope.ts';

/** What waits for the loyalty platform, or was given up, about one customer. */
export interface CustomerDeliveries {
  customerId: number;
  /** False for an account that is no more: what is left to deliver is its erasure. */
  isCustomer: boolean;
  /** One per chain at most. */
  rows: readonly QueueRow[];
}

/**
 * What waits or was given up about one customer, in one chain or all. The reference is our id, also of an erased account,
 * else an e-mail, else a foreign id. Throws `forbidden` to all but operators, `chain_not_configured`, `customer_not_found`,
 * and `validation_failed` with the ids when several pools know the e-mail.
 */
export async function showDelivery(
  deps: AccountDeps,
  { reference, chainId }: { reference: string; chainId?: number },
  context: RequestContext,
): Promise<CustomerDeliveries> {
  requireOperator(context);
  const found = await findCustomer(deps, reference, context.actor, { byEmail: true });
  const customerId = found?.customer.id ?? parseCustomerId(reference);
  if (customerId === undefined) throw noCustomer(reference);
  const chains = deps.directory.topology.data.chains.filter(({ id }) => chainId === undefined || id === chainId);
  if (chainId !== undefined && chains.length === 0) throw new AccountError('chain_not_configured');
  const rows: QueueRow[] = [];
  for (const { id } of chains) {
    const row = await deps.store.queue.find(id, customerId);
    if (row !== undefined) rows.push(row);
  }
  if (found === undefined && rows.length === 0) throw noCustomer(reference);
  return { customerId, isCustomer: found !== undefined, rows };
}
