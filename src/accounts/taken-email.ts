import type { Customer } from './customer.ts';
import { normalizeEmail } from './email.ts';
import type { Problem } from './errors.ts';
import type { Reads } from './store.ts';

/** Tells whether an e-mail belongs to a customer of a pool, other than the one `exceptId` names; false for none. */
export async function isTaken(
  { customers }: Pick<Reads, 'customers'>,
  poolId: number,
  email: string | undefined,
  exceptId?: number,
): Promise<boolean> {
  if (email === undefined) return false;
  const owner = await customers.findByEmail(poolId, normalizeEmail(email));
  return owner !== undefined && owner.customer.id !== exceptId;
}

/** The same for another e-mail than a customer has; their own is not looked for. */
export async function isTakenElsewhere(
  store: Pick<Reads, 'customers'>,
  customer: Pick<Customer, 'id' | 'poolId' | 'email'>,
  email: string | undefined,
): Promise<boolean> {
  if (email === undefined || normalizeEmail(email) === normalizeEmail(customer.email)) return false;
  return isTaken(store, customer.poolId, email, customer.id);
}

/** What is wrong with an e-mail's repetition, which may be missing. */
export function confirmationProblems(repeated: string | undefined, email: string): Problem[] {
  const isSame = repeated === undefined || normalizeEmail(repeated) === normalizeEmail(email);
  return isSame ? [] : [{ field: 'emailConfirmation', rule: 'mismatch' }];
}
