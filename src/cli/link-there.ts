import type { ShownLink } from '../accounts/show-link.ts';
import { momentText } from './moment-text.ts';
import { describePlatformError } from './open-platform.ts';

/** What the platform has of a customer, but the fields. */
export function presentThere({ there, chainId }: ShownLink) {
  switch (there.state) {
    case 'found': {
      const { spaazaUserId, memberNumber, shopCustomerId, update } = there.user;
      return {
        state: there.state,
        by: there.by,
        spaazaUserId,
        memberNumber,
        shopCustomerId,
        lastModifiedAt: update.lastModifiedAt ?? null,
      };
    }
    case 'ambiguous':
      return { state: there.state, spaazaUserId: there.spaazaUserId, reason: there.reason };
    case 'failed': {
      const [code, message] = describePlatformError(there.error, chainId);
      return { state: there.state, code, message };
    }
    default:
      return { state: there.state };
  }
}

/** The same in words. */
export function describeThere({ there, chainId, link }: ShownLink): string {
  switch (there.state) {
    case 'off':
      return `not asked: the link is off, set FOYER_SPAAZA_SECRET_${chainId}`;
    case 'nobody':
      return link.spaazaUserId === null ? 'nobody with our id or e-mail' : 'nobody with this id';
    case 'erased':
      return 'erased';
    case 'ambiguous':
      return `Spaaza user ${there.spaazaUserId}, ${ambiguities[there.reason]}`;
    case 'failed':
      return describePlatformError(there.error, chainId)[1];
    case 'found': {
      const { user, by } = there;
      const shopId =
        user.shopCustomerId === String(link.customerId) ? 'our id' : `shop id ${user.shopCustomerId ?? '-'}`;
      return `Spaaza user ${user.spaazaUserId}, found by ${found[by]}, ${shopId}, changed ${momentText(user.update.lastModifiedAt)}`;
    }
  }
}

/** Why nobody can tell whether a person is the customer. */
export const ambiguities = {
  other_shop_id: 'who has the shop id of somebody else',
  other_customer: 'who is tied to another customer',
  two_people: 'and somebody else has the e-mail',
  other_email: 'who has our id and another e-mail',
} as const;

const found = { user_id: 'id', our_id: 'our id', email: 'e-mail' } as const;
