import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import { fieldsToSend } from './fields-to-send.ts';
import { getAnyCustomer } from './find-customer.ts';
import { compareSides, type FieldComparison } from './loyalty-drift.ts';
import { digestOf, type KnownAgreement, type LoyaltyLink, type LoyaltyProfile, outboundView } from './loyalty-link.ts';
import {
  type LoyaltyPlatform,
  LoyaltyPlatformError,
  type PlatformCall,
  type PlatformUser,
} from './loyalty-platform.ts';
import type { ChainState, InboxNotice, QueueRow, Tombstone } from './loyalty-queue.ts';
import { type Ambiguity, matchPlatformUser } from './match-platform-user.ts';
import { requireOperator } from './require-scope.ts';
import type { SharedField } from './shared-fields.ts';
import { consentsOfNewcomer } from './times-of-changes.ts';

/** What the platform has of a customer. */
export type There =
  /** The link is off. */
  | { state: 'off' }
  | { state: 'found'; by: 'user_id' | 'our_id' | 'email'; user: PlatformUser }
  | { state: 'erased' | 'nobody' }
  | { state: 'ambiguous'; spaazaUserId: number; reason: Ambiguity }
  | { state: 'failed'; error: LoyaltyPlatformError };

/** What a push would do now. `withheld`: the platform erased the person and is not told again. */
export type NextPush = 'nothing' | 'add' | 'alter' | 'withheld';

/** One customer in one chain, with everything that decides what happens next. */
export interface ShownLink {
  chainId: number;
  /** False for a tie to a chain that is not that of the customer's website. */
  isHome: boolean;
  link: LoyaltyLink;
  /** When both sides last agreed, or the platform was last heard of. */
  syncedAt: string | null;
  agreement: KnownAgreement | undefined;
  fields: readonly FieldComparison[];
  there: There;
  nextPush: NextPush;
  /** What it would send. */
  nextFields: readonly SharedField[];
  delivery: QueueRow | undefined;
  /** A change that no server has looked at yet. */
  hasEvent: boolean;
  /** The latest notices about the person, the latest first. */
  notices: readonly InboxNotice[];
  tombstone: Tombstone | undefined;
  chain: ChainState;
}

/** Notices that are shown. */
const mostNotices = 5;

/**
 * Shows of a customer, for each chain or one, both sides, what was agreed, what waits, and what would be sent now; it
 * changes nothing. A platform that cannot be asked is no error. The reference is read as by `getCustomerDetails`. Throws
 * `forbidden` to all but operators, `chain_not_configured`, `customer_not_found`, `customer_erased`, and
 * `validation_failed` with the ids when several pools know the e-mail.
 */
export async function showLink(
  deps: AccountDeps,
  input: { reference: string; chainId?: number; platformOf(chainId: number): LoyaltyPlatform | undefined },
  context: RequestContext,
): Promise<{ customerId: number; links: readonly ShownLink[] }> {
  requireOperator(context);
  const { customer } = await getAnyCustomer(deps, input.reference, context.actor);
  const { topology } = deps.directory;
  const known = topology.data.chains.map(({ id }) => id);
  if (input.chainId !== undefined && !known.includes(input.chainId)) throw new AccountError('chain_not_configured');
  const home = topology.websiteById(customer.websiteId).chainId;
  const tied = (await deps.store.links.listByCustomer(customer.id)).map(({ chainId }) => chainId);
  const wanted = input.chainId === undefined ? [home, ...tied] : [input.chainId];
  const chainIds = known.filter((id) => wanted.includes(id));
  const call = { requestId: context.requestId };
  const links: ShownLink[] = [];
  for (const id of chainIds) {
    const profile = await deps.store.customers.findLoyaltyProfile(customer.id, id);
    if (profile !== undefined) links.push(await show(deps, profile, id === home, input.platformOf(id), call));
  }
  return { customerId: customer.id, links };
}

async function show(
  deps: AccountDeps,
  profile: LoyaltyProfile,
  isHome: boolean,
  platform: LoyaltyPlatform | undefined,
  call: PlatformCall,
): Promise<ShownLink> {
  const { store } = deps;
  const { link } = profile;
  const { chainId, customerId } = link;
  const agreement = await store.links.findAgreement(customerId, chainId);
  const there = await ask(deps, profile, platform, call);
  const tombstone = await store.tombstones.find(chainId, customerId);
  const delivery = await store.queue.find(chainId, customerId);
  const userId = link.spaazaUserId ?? (there.state === 'found' ? there.user.spaazaUserId : null);
  return {
    chainId,
    isHome,
    link,
    syncedAt: agreement?.syncedAt ?? null,
    agreement,
    fields: compareSides(profile, agreement?.view, there.state === 'found' ? there.user : undefined),
    there,
    ...nextPushOf(profile, agreement, tombstone, delivery, await consentsOfNewcomer(store, profile)),
    delivery,
    hasEvent: await store.outbox.hasEventOf(customerId),
    notices: userId === null ? [] : await store.inbox.listBySubject(chainId, String(userId), mostNotices),
    tombstone,
    chain: await store.chainStates.find(chainId),
  };
}

async function ask(
  deps: AccountDeps,
  { link }: LoyaltyProfile,
  platform: LoyaltyPlatform | undefined,
  call: PlatformCall,
): Promise<There> {
  if (platform === undefined) return { state: 'off' };
  const { spaazaUserId, customerId } = link;
  try {
    if (spaazaUserId !== null) {
      const user = await platform.fetchUser({ spaazaUserId }, call);
      if (user === undefined) return { state: 'nobody' };
      return user.update.isErasure ? { state: 'erased' } : { state: 'found', by: 'user_id', user };
    }
    const matched = await matchPlatformUser(deps, platform, customerId, call);
    switch (matched?.match) {
      case 'by_id':
        return { state: 'found', by: 'our_id', user: matched.user };
      case 'by_email':
        return { state: 'found', by: 'email', user: matched.user };
      case 'ambiguous':
        return { state: 'ambiguous', spaazaUserId: matched.spaazaUserId, reason: matched.reason };
      case 'erased_there':
        return { state: 'erased' };
      default:
        return { state: 'nobody' };
    }
  } catch (error) {
    if (!(error instanceof LoyaltyPlatformError)) throw error;
    return { state: 'failed', error };
  }
}

/** As the workers decide: nothing is sent while it is what was agreed, and no answer is missing. */
function nextPushOf(
  profile: LoyaltyProfile,
  agreement: KnownAgreement | undefined,
  tombstone: Tombstone | undefined,
  delivery: QueueRow | undefined,
  consentsOfNewcomer: ReadonlySet<SharedField> | undefined,
): Pick<ShownLink, 'nextPush' | 'nextFields'> {
  const { link } = profile;
  const view = outboundView(profile);
  const sent = delivery?.sent ?? null;
  if (digestOf(view).agreedDigest === link.agreedDigest && sent === null)
    return { nextPush: 'nothing', nextFields: [] };
  const isNew = link.spaazaUserId === null;
  if (isNew && tombstone !== undefined) return { nextPush: 'withheld', nextFields: [] };
  return {
    nextPush: isNew ? 'add' : 'alter',
    nextFields: fieldsToSend(view, { consentsOfNewcomer, agreed: agreement?.view, sent }),
  };
}
