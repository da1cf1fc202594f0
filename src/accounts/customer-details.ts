import type { RequestContext } from './access.ts';
import type { Address } from './customer.ts';
import { getCustomer } from './customer-records.ts';
import type { AccountDeps } from './deps.ts';
import { type LoyaltyLink, noChain } from './loyalty-link.ts';
import type { CustomerWithGroups } from './store.ts';

/** All that is known about a person's profile, for an operator's eyes. */
export interface CustomerDetails extends CustomerWithGroups {
  addresses: readonly Address[];
  /** One per chain that the customer has been linked in. */
  links: readonly LoyaltyLink[];
}

/** One customer with addresses and links. The reference is read, and refused, as by `getCustomer`. */
export async function getCustomerDetails(
  deps: AccountDeps,
  input: { reference: string },
  context: RequestContext,
): Promise<CustomerDetails> {
  const found = await getCustomer(deps, input, context);
  const { id } = found.customer;
  // The addresses are the same whatever the chain.
  const profile = await deps.store.customers.findLoyaltyProfile(id, noChain);
  return { ...found, addresses: profile?.addresses ?? [], links: await deps.store.links.listByCustomer(id) };
}
