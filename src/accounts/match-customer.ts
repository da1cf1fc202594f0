import { type Actor, mayTouchWebsite, type RequestContext } from './access.ts';
import { normalizeEmail } from './email.ts';
import { AccountError, type Problem } from './errors.ts';
import { noChain } from './loyalty-link.ts';
import type { CustomerWithGroups, Reads } from './store.ts';
import type { ChainScope, Shop, Topology } from './topology.ts';

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

/**
 * Where a new customer of a chain goes: the named website or store, else the first website of the chain that the caller
 * may touch, undefined when there is none. Codes that are unknown to the caller, or contradict each other or the chain,
 * are problems even when nobody will be created.
 */
export function placeNewCustomer(
  topology: Topology,
  scope: ChainScope,
  actor: Actor,
  { websiteCode, storeCode }: { websiteCode?: string; storeCode?: string },
): { shop: Shop | undefined; problems: Problem[] } {
  const problems: Problem[] = [];
  const isOpen = (websiteId: number): boolean => mayTouchWebsite(actor, websiteId);
  const openId = isOpen(scope.website.id) ? scope.website.id : [...scope.websiteIds].find(isOpen);
  let website = openId === undefined ? undefined : topology.websiteById(openId);
  if (websiteCode !== undefined) {
    const named = topology.websiteByCode(websiteCode);
    if (named === undefined || !isOpen(named.id))
      problems.push({ field: 'websiteCode', rule: 'unknown', value: websiteCode });
    else if (!scope.newcomerWebsiteIds.has(named.id))
      problems.push({ field: 'websiteCode', rule: 'conflict', value: websiteCode });
    else website = named;
  }
  let shop = website && topology.shopOfWebsite(website.id);
  if (storeCode !== undefined) {
    const named = topology.shopByCode(storeCode);
    if (named === undefined || !isOpen(named.websiteId))
      problems.push({ field: 'storeCode', rule: 'unknown', value: storeCode });
    else if (
      websiteCode === undefined ? !scope.newcomerWebsiteIds.has(named.websiteId) : named.websiteId !== website?.id
    )
      problems.push({ field: 'storeCode', rule: 'conflict', value: storeCode });
    else shop = named;
  }
  return { shop, problems };
}

/** The refusal of an update that speaks of nobody we know. */
export function nobodyFound(): AccountError {
  return new AccountError('customer_not_found', { lookup: { by: 'identifiers' } });
}
