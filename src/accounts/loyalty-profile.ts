import { mayTouchWebsite, type RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import { AccountError } from './errors.ts';
import { chainOf, isKnownThere, type LoyaltyProfile, noChain } from './loyalty-link.ts';

/**
 * A customer as the loyalty platform would be told, found by our id. The chain is that of the customer's website, or the
 * only one there is, or the only one that the customer is tied in. One read, but for the last. Throws `customer_not_found`
 * for an unknown id and for a customer the caller's key may not touch.
 */
export async function getLoyaltyProfile(
  deps: AccountDeps,
  input: { customerId: number },
  context: RequestContext,
): Promise<LoyaltyProfile> {
  const { topology } = deps.directory;
  const { customers } = deps.store.replica;
  const guess = chainOf(topology, topology.defaultWebsite);
  const profile = await customers.findLoyaltyProfile(input.customerId, guess);
  if (profile === undefined || !mayTouchWebsite(context.actor, profile.customer.websiteId)) {
    throw new AccountError('customer_not_found', { lookup: { by: 'id', value: String(input.customerId) } });
  }
  const { id, websiteId } = profile.customer;
  const own = chainOf(topology, topology.websiteById(websiteId));
  const chainId = own === noChain ? await onlyTie(deps, id) : own;
  if (chainId === guess) return profile;
  return (await customers.findLoyaltyProfile(id, chainId)) ?? profile;
}

/** The chain in which a customer of a website without one is known, where several are configured. */
async function onlyTie(deps: AccountDeps, customerId: number): Promise<number> {
  const ties = await deps.store.replica.links.listTies([customerId]);
  const [tie, ...others] = ties.filter(isKnownThere);
  return tie !== undefined && others.length === 0 ? tie.chainId : noChain;
}

/**
 * The same, found by e-mail among the customers of a chain and seen from that chain. Throws `website_scope_needs_chain`
 * without a chain id when customers are kept per website, else as `Topology.scopeOfChain` does, and
 * `customer_not_found`.
 */
export async function getLoyaltyProfileByEmail(
  deps: AccountDeps,
  input: { email: string; chainId?: number },
  context: RequestContext,
): Promise<LoyaltyProfile> {
  const { topology } = deps.directory;
  if (input.chainId === undefined && !topology.isShared) throw new AccountError('website_scope_needs_chain');
  const scope = topology.scopeOfChain(input.chainId);
  const email = normalizeEmail(input.email);
  for (const poolId of scope.poolIds) {
    const found = await deps.store.replica.customers.findLoyaltyProfileByEmail(poolId, email, scope.chainId ?? noChain);
    if (found !== undefined && mayTouchWebsite(context.actor, found.customer.websiteId)) return found;
  }
  const lookup = { by: 'email', value: input.email, websiteId: scope.website.id } as const;
  throw new AccountError('customer_not_found', { lookup });
}
