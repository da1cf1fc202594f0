import { mayTouchWebsite, type RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import { AccountError, type AccountErrorDetails } from './errors.ts';
import { type LoyaltyProfile, noChain } from './loyalty-link.ts';

/**
 * A customer as the loyalty platform would be told, found by our id. The chain is that of the customer's website. One
 * read. Throws `customer_not_found` for an unknown id and for a customer the caller's key may not touch.
 */
export async function getLoyaltyProfile(
  deps: AccountDeps,
  input: { customerId: number },
  context: RequestContext,
): Promise<LoyaltyProfile> {
  const { topology } = deps.directory;
  const guess = topology.defaultWebsite.chainId ?? noChain;
  const profile = await deps.store.replica.customers.findLoyaltyProfile(input.customerId, guess);
  const lookup = { by: 'id', value: String(input.customerId) } as const;
  const found = refuseOutOfReach(profile, context, lookup);
  return inOwnChain(deps, found);
}

/**
 * The same, found by e-mail. Without a chain id the pool that all websites share is searched; when customers are kept
 * per website that throws `website_scope_needs_chain`. Throws `chain_not_configured`, `customer_not_found`.
 */
export async function getLoyaltyProfileByEmail(
  deps: AccountDeps,
  input: { email: string; chainId?: number },
  context: RequestContext,
): Promise<LoyaltyProfile> {
  const { topology } = deps.directory;
  if (input.chainId === undefined && !topology.isShared) throw new AccountError('website_scope_needs_chain');
  const scope = input.chainId === undefined ? undefined : topology.scopeOfChain(input.chainId);
  const website = scope?.website ?? topology.defaultWebsite;
  const chainId = scope?.chainId ?? website.chainId ?? noChain;
  const lookup = { by: 'email', value: input.email, websiteId: website.id } as const;
  const email = normalizeEmail(input.email);
  for (const poolId of scope?.poolIds ?? [website.poolId]) {
    const profile = await deps.store.replica.customers.findLoyaltyProfileByEmail(poolId, email, chainId);
    if (profile === undefined) continue;
    const found = refuseOutOfReach(profile, context, lookup);
    return input.chainId === undefined ? inOwnChain(deps, found) : found;
  }
  throw new AccountError('customer_not_found', { lookup });
}

function refuseOutOfReach(
  profile: LoyaltyProfile | undefined,
  context: RequestContext,
  lookup: AccountErrorDetails['lookup'],
): LoyaltyProfile {
  if (profile === undefined || !mayTouchWebsite(context.actor, profile.customer.websiteId)) {
    throw new AccountError('customer_not_found', { lookup });
  }
  return profile;
}

/** Reads once more when the guess was wrong and the customer's website has another chain. */
async function inOwnChain(deps: AccountDeps, profile: LoyaltyProfile): Promise<LoyaltyProfile> {
  const website = deps.directory.topology.websiteById(profile.customer.websiteId);
  const chainId = website.chainId ?? noChain;
  if (chainId === profile.link.chainId) return profile;
  return (await deps.store.replica.customers.findLoyaltyProfile(profile.customer.id, chainId)) ?? profile;
}
