import { askPatiently } from './ask-patiently.ts';
import type { AccountDeps } from './deps.ts';
import { heardSoFar } from './loyalty-agreement.ts';
import { compareSides, driftIn, type FieldComparison } from './loyalty-drift.ts';
import { digestOf, type LoyaltyProfile, outboundView } from './loyalty-link.ts';
import {
  type LoyaltyPlatform,
  LoyaltyPlatformError,
  type PlatformCall,
  type PlatformUser,
} from './loyalty-platform.ts';
import type { PlatformAnswer } from './take-over-user.ts';

/** How a customer stands with the platform. */
export type Standing =
  /** Both sides have the same. */
  | 'agreed'
  /** A change waits to be sent, fetched or taken in: that they differ means nothing yet. */
  | 'pending'
  /** Linked, and some fields are not the same. */
  | 'differs'
  /** The platform knows the person by our id, and we do not know it. */
  | 'unlinked'
  /** Neither side knows of the other: never told. */
  | 'unknown'
  /** Linked, and the platform knows nobody by that id. */
  | 'missing'
  /** Linked, and erased over there. */
  | 'erased'
  /** The person is tied to somebody else: over there to another customer id, or here to another customer. */
  | 'taken'
  /** Not linked, because the platform erased the person: that is how it is to be. */
  | 'withheld'
  /** The platform refuses the question. */
  | 'refused'
  /** No customer any more. */
  | 'gone';

export interface CustomerComparison {
  standing: Standing;
  /** Only the fields that differ. */
  drift: readonly FieldComparison[];
  profile?: LoyaltyProfile;
  /** Where the platform knows the person. */
  answer?: PlatformAnswer;
  /** Why, for `refused` and `taken`. */
  reason?: string;
}

/** A customer that changes all the while has changes on their way. */
const mostLooks = 3;

/**
 * Asks the platform for a customer and compares. What changed here while it was asked does not count as drift. Throws
 * LoyaltyPlatformError unless it is about this one person.
 */
export async function compareCustomer(
  deps: AccountDeps,
  platform: LoyaltyPlatform,
  customerId: number,
  call: PlatformCall,
): Promise<CustomerComparison> {
  const { chainId } = platform;
  const { customers } = deps.store;
  const read = () => customers.findLoyaltyProfile(customerId, chainId);
  let profile = await read();
  for (let look = 0; look < mostLooks; look += 1) {
    if (profile === undefined) return { standing: 'gone', drift: [] };
    const comparison = await judge(deps, platform, profile, call);
    if (['agreed', 'withheld'].includes(comparison.standing)) return comparison;
    const userId = comparison.answer?.user.spaazaUserId ?? profile.link.spaazaUserId;
    if (await isPending(deps, chainId, customerId, userId)) return { ...comparison, standing: 'pending', drift: [] };
    const after = await read();
    if (after !== undefined && stateOf(after) === stateOf(profile)) return comparison;
    profile = after;
  }
  return { standing: 'pending', drift: [], profile };
}

/** True when something changed that the other side has not heard of yet. What was given up waits for nothing. */
async function isPending(
  { store }: AccountDeps,
  chainId: number,
  customerId: number,
  userId: number | null,
): Promise<boolean> {
  const row = await store.queue.find(chainId, customerId);
  if (row?.state === 'waiting' || (await store.outbox.hasEventOf(customerId))) return true;
  // Notices about a person are worked on in their order: while any waits, the latest does.
  const [notice] = userId === null ? [] : await store.inbox.listBySubject(chainId, String(userId), 1);
  return notice?.state === 'waiting';
}

/** What of a profile a comparison depends on. */
function stateOf(profile: LoyaltyProfile): string {
  const { spaazaUserId, memberNumber, agreedDigest } = profile.link;
  return JSON.stringify([spaazaUserId, memberNumber, agreedDigest, digestOf(outboundView(profile)).agreedDigest]);
}

async function judge(
  deps: AccountDeps,
  platform: LoyaltyPlatform,
  profile: LoyaltyProfile,
  call: PlatformCall,
): Promise<CustomerComparison> {
  const { id: customerId } = profile.customer;
  const { chainId, spaazaUserId } = profile.link;
  const { store } = deps;
  const known = await store.links.findAgreement(customerId, chainId);
  let user: PlatformUser | undefined;
  try {
    user = await askPatiently(platform, spaazaUserId === null ? { customerId } : { spaazaUserId }, call);
  } catch (error) {
    if (!(error instanceof LoyaltyPlatformError) || error.kind !== 'refused') throw error;
    return { standing: 'refused', drift: [], profile, reason: String(error.code ?? 'refused') };
  }
  if (user === undefined) {
    if (spaazaUserId !== null) return { profile, standing: 'missing', drift: [] };
    const isWithheld = (await store.tombstones.find(chainId, customerId)) !== undefined;
    return { profile, standing: isWithheld ? 'withheld' : 'unknown', drift: [] };
  }
  const answer = { chainId, customerId, user, heardBefore: heardSoFar(known) };
  const found = { profile, answer, drift: [] };
  if (user.update.isErasure) return { ...found, standing: 'erased' };
  const otherId = user.update.identifiers.customerId ?? customerId;
  if (otherId !== customerId) return { ...found, standing: 'taken', reason: `shop id ${otherId}` };
  const owner = await store.links.findCustomerIdByUserId(chainId, user.spaazaUserId);
  if (owner !== undefined && owner !== customerId) return { ...found, standing: 'taken', reason: `customer ${owner}` };
  const drift = driftIn(compareSides(profile, known?.view, user));
  const standing = spaazaUserId === null ? 'unlinked' : drift.length > 0 ? 'differs' : 'agreed';
  return { ...found, standing, drift };
}
