import { askPatiently } from './ask-patiently.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import type { LoyaltyPlatform, PlatformCall, PlatformUser } from './loyalty-platform.ts';

/** Whom the platform knows of a customer that is not linked, and by what. */
export type PlatformMatch =
  | { match: 'by_id' | 'by_email'; user: PlatformUser }
  | { match: 'nobody' }
  | { match: 'ambiguous'; spaazaUserId: number; reason: Ambiguity }
  /** The platform erased the person: it is not told of them again. */
  | { match: 'erased_there' };

export type Ambiguity =
  /** Over there, the person with this e-mail has the shop id of somebody else. */
  | 'other_shop_id'
  /** The person is tied to another customer of ours. */
  | 'other_customer'
  /** One person has our id and another one our e-mail. */
  | 'two_people'
  /** The person with our id has another e-mail: it may be the id that an earlier shop gave to somebody else. */
  | 'other_email';

/**
 * Looks for a customer without a link among the people of the platform: by our id, then by e-mail. It changes nothing on
 * either side, and throws what the platform throws. Gives undefined when the customer is gone.
 */
export async function matchPlatformUser(
  deps: AccountDeps,
  platform: LoyaltyPlatform,
  customerId: number,
  call: PlatformCall,
): Promise<PlatformMatch | undefined> {
  const { chainId } = platform;
  const { customers, tombstones } = deps.store;
  const found = await customers.findById(customerId);
  if (found === undefined) return undefined;
  if ((await tombstones.find(chainId, customerId)) !== undefined) return { match: 'erased_there' };
  const email = normalizeEmail(found.customer.email);
  const byId = await askPatiently(platform, { customerId }, call);
  const hasSameEmail = byId !== undefined && normalizeEmail(byId.update.identifiers.username ?? '') === email;
  const byEmail = hasSameEmail ? byId : await askPatiently(platform, { email: found.customer.email }, call);
  const user = byId ?? byEmail;
  if (user === undefined) return { match: 'nobody' };
  const { spaazaUserId } = user;
  const owner = await deps.store.links.findCustomerIdByUserId(chainId, spaazaUserId);
  const reason: Ambiguity | undefined =
    owner !== undefined && owner !== customerId
      ? 'other_customer'
      : byId !== undefined && byEmail !== undefined && byEmail.spaazaUserId !== spaazaUserId
        ? 'two_people'
        : // Ours by now, when a server has sent the customer between the two questions.
          byId === undefined && user.shopCustomerId !== null && user.shopCustomerId !== String(customerId)
          ? 'other_shop_id'
          : byId !== undefined && !hasSameEmail
            ? 'other_email'
            : undefined;
  if (reason !== undefined) return { match: 'ambiguous', spaazaUserId, reason };
  if (user.update.isErasure) return { match: 'erased_there' };
  return { match: byId === undefined ? 'by_email' : 'by_id', user };
}
