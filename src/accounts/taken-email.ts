import type { Customer } from './customer.ts';
import { normalizeEmail } from './email.ts';
import type { Problem } from './errors.ts';
import type { Reads } from './store.ts';

/** Tells whether an e-mail belongs to a customer of a pool; false for none. */
export async function isTaken(store: Reads, poolId: number, email: string | undefined): Promise<boolean> {
  return email !== undefined && (await store.customers.findByEmail(poolId, normalizeEmail(email))) !== undefined;
}

/** The same for another customer than this one. */
export async function isTakenElsewhere(
  store: Reads,
  customer: Pick<Customer, 'id' | 'poolId' | 'email'>,
  email: string | undefined,
): Promise<boolean> {
  if (email === undefined || normalizeEmail(email) === normalizeEmail(customer.email)) return false;
  const owner = await store.customers.findByEmail(customer.poolId, normalizeEmail(email));
  return owner !== undefined && owner.customer.id !== customer.id;
}

/** What is wrong with an e-mail's repetition, which may be missing. */
export function confirmationProblems(repeated: string | undefined, email: string): Problem[] {
  const isSame = repeated === undefined || normalizeEmail(repeated) === normalizeEmail(email);
  return isSame ? [] : [{ field: 'emailConfirmation', rule: 'mismatch' }];
}
