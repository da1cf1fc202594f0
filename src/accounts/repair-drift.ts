import type { RequestContext } from './access.ts';
import type { CustomerComparison } from './compare-customer.ts';
import type { AccountDeps } from './deps.ts';
import { compareSides, driftIn, observedView } from './loyalty-drift.ts';
import { digestOf, linkChanges } from './loyalty-link.ts';
import { pushOrder } from './loyalty-queue.ts';
import { hindranceIn, type PlatformAnswer, takeOverUser } from './take-over-user.ts';
import { changeCustomer } from './update-customer.ts';

/**
 * Brings both sides together as far as that can be done here. What the platform says is merged as any answer of it would
 * be; what stays ours then waits to be sent by the servers, also where the platform has lost something that it once had.
 * With `recreatesMissing`, whoever the platform does not know any more is told of anew. Gives why it could not be done, or
 * null; `left` when it is for people to decide.
 */
export async function repairDrift(
  deps: AccountDeps,
  chainId: number,
  customerId: number,
  { standing, answer }: CustomerComparison,
  { recreatesMissing }: { recreatesMissing: boolean },
  context: RequestContext,
): Promise<string | null> {
  if (standing === 'missing' && recreatesMissing) {
    await untie(deps, chainId, customerId, context);
    return null;
  }
  if (answer === undefined || !['differs', 'unlinked', 'erased'].includes(standing)) return 'left';
  const taken = await takeOverUser(deps, answer, context);
  // What was overtaken says nothing about what the platform has by now.
  const isHeard = taken.outcome === 'applied' || taken.outcome === 'outdated';
  if (isHeard && standing !== 'erased') await haveSent(deps, answer, context);
  return hindranceIn(taken);
}

/**
 * Where both sides still differ, ours is to be sent: it notes what the platform really has, since nothing is sent to where
 * everything seems to be agreed.
 */
async function haveSent(
  deps: AccountDeps,
  { chainId, customerId, user }: PlatformAnswer,
  context: RequestContext,
): Promise<void> {
  await deps.store.transaction(async ({ customers, links, queue }) => {
    if (!(await customers.hold(customerId))) return;
    const profile = (await customers.findLoyaltyProfile(customerId, chainId))!;
    if (driftIn(compareSides(profile, undefined, user)).length === 0) return;
    const now = deps.now();
    const view = observedView(profile, (await links.findAgreement(customerId, chainId))?.view, user);
    await links.agree(customerId, chainId, {
      view,
      ...digestOf(view),
      syncedAt: now,
      platformModifiedAt: user.update.lastModifiedAt,
    });
    await queue.enqueue([pushOrder(chainId, customerId, context.requestId)], now);
  });
}

/** Forgets the person over there, so that the customer is told of as a new one. */
async function untie(deps: AccountDeps, chainId: number, customerId: number, context: RequestContext): Promise<void> {
  await deps.store.transaction(async (store) => {
    const current = await store.customers.lock(customerId);
    if (current === undefined) return;
    const now = deps.now();
    const { link } = (await store.customers.findLoyaltyProfile(customerId, chainId))!;
    const ended = { spaazaUserId: null, memberNumber: null };
    await store.links.save({ ...link, ...ended });
    await store.links.forgetAgreement(customerId, chainId);
    await changeCustomer(deps, store, context, current, { others: linkChanges(link, ended) }, now);
    await store.queue.enqueue([pushOrder(chainId, customerId, context.requestId)], now);
  });
}
