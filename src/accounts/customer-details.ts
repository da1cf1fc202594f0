import type { RequestContext } from './access.ts';
import type { Address } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { getAnyCustomer } from './find-customer.ts';
import { type LoyaltyLink, noChain } from './loyalty-link.ts';
import { requireScope } from './require-scope.ts';
import type { CustomerWithGroups, Reads } from './store.ts';

/** All that is known about a person's profile, for an operator's eyes. */
export interface CustomerDetails extends CustomerWithGroups {
  addresses: readonly Address[];
  /** One per chain that the customer has been linked in. */
  links: readonly LoyaltyLink[];
}

/**
 * One customer with addresses and links. The reference is our id, else an e-mail, else a foreign id. Throws `forbidden`
 * without `admin_read`, `customer_not_found`, `customer_erased` for the id of an erased account, and `validation_failed`
 * with the ids when several pools know the e-mail.
 */
export async function getCustomerDetails(
  deps: AccountDeps,
  input: { reference: string },
  context: RequestContext,
): Promise<CustomerDetails> {
  requireScope(context, 'admin_read');
  return withDetails(deps.store, await getAnyCustomer(deps, input.reference, context.actor));
}

/** Adds addresses and links to a customer. Two queries, so that a change may come in between. */
export async function withDetails(store: Reads, found: CustomerWithGroups): Promise<CustomerDetails> {
  const { id } = found.customer;
  // The addresses are the same whatever the chain.
  const profile = await store.customers.findLoyaltyProfile(id, noChain);
  return { ...found, addresses: profile?.addresses ?? [], links: await store.links.listByCustomer(id) };
}
