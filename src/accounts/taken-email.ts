import type { Customer } from './customer.ts';
import { normalizeEmail } from './email.ts';
import type { Reads } from './store.ts';

/** Tells whether an e-mail belongs to another customer of the same pool; false for none, and for the customer's own. */
export async function isTakenElsewhere(
  store: Reads,
  customer: Pick<Customer, 'id' | 'poolId' | 'email'>,
  email: string | undefined,
): Promise<boolean> {
  if (email === undefined || normalizeEmail(email) === normalizeEmail(customer.email)) return false;
  const owner = await store.customers.findByEmail(customer.poolId, normalizeEmail(email));
  return owner !== undefined && owner.customer.id !== customer.id;
}
