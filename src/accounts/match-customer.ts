import { mayTouchWebsite, type RequestContext } from './access.ts';
import { normalizeEmail } from './email.ts';
import type { Problem } from './errors.ts';
import { noChain } from './loyalty-link.ts';
import type { CustomerWithGroups, Reads } from './store.ts';
import type { ChainScope, Shop, Topology, Website } from './topology.ts';

export interface LoyaltyIdentifiers {
  /** Absent when the platform sent none, or one that PHP calls empty. */
  userId?: number;
  memberNumber?: string;
  username?: string;
  /** Our own customer id, as the platform knows it. */
  customerId?: number;
}

/**
 * Finds the customer the loyalty platform speaks of, within a chain and what the caller may touch: `user_id` if given,
 * else `member_number`; if that finds nobody, the username, then our own id (decisions, Spaaza 4).
 */
export async function matchCustomer(
  store: Reads,
  scope: ChainScope,
  context: RequestContext,
  { userId, memberNumber, username, customerId }: LoyaltyIdentifiers,
): Promise<number | undefined> {
  const chainId = scope.chainId ?? noChain;
  const isWithinReach = (found: CustomerWithGroups | undefined): boolean =>
    found !== undefined &&
    (scope.websiteIds.has(found.customer.websiteId) || scope.poolIds.has(found.customer.poolId)) &&
    mayTouchWebsite(context.actor, found.customer.websiteId);
  const linkedId =
    userId !== undefined
      ? await store.links.findCustomerIdByUserId(chainId, userId)
      : memberNumber !== undefined
        ? await store.links.findCustomerIdByMemberNumber(chainId, memberNumber)
        : undefined;
  if (linkedId !== undefined && isWithinReach(await store.customers.findById(linkedId))) return linkedId;
  if (username !== undefined) {
    for (const poolId of scope.poolIds) {
      const found = await store.customers.findByEmail(poolId, normalizeEmail(username));
      if (isWithinReach(found)) return found?.customer.id;
    }
  }
  if (customerId !== undefined) {
    const found = await store.customers.findById(customerId);
    if (found !== undefined && scope.websiteIds.has(found.customer.websiteId) && isWithinReach(found))
      return customerId;
  }
  return undefined;
}

/** Where a new customer goes; codes that contradict each other or the chain are problems even for existing customers. */
export function placeNewCustomer(
  topology: Topology,
  scope: ChainScope,
  { websiteCode, storeCode }: { websiteCode?: string; storeCode?: string },
): { shop: Shop; problems: Problem[] } {
  const problems: Problem[] = [];
  let website: Website = scope.website;
  if (websiteCode !== undefined) {
    const named = topology.websiteByCode(websiteCode);
    if (named === undefined) problems.push({ field: 'websiteCode', rule: 'unknown', value: websiteCode });
    else if (!scope.websiteIds.has(named.id))
      problems.push({ field: 'websiteCode', rule: 'conflict', value: websiteCode });
    else website = named;
  }
  let shop = topology.shopOfWebsite(website.id);
  if (storeCode !== undefined) {
    const named = topology.shopByCode(storeCode);
    const isConsistent =
      named !== undefined &&
      (websiteCode === undefined ? scope.websiteIds.has(named.websiteId) : named.websiteId === website.id);
    if (named === undefined) problems.push({ field: 'storeCode', rule: 'unknown', value: storeCode });
    else if (!isConsistent) problems.push({ field: 'storeCode', rule: 'conflict', value: storeCode });
    else shop = named;
  }
  return { shop, problems };
}
