import type { RequestContext } from './access.ts';
import { type AppliedUpdate, applyLoyaltyUpdate } from './apply-loyalty-update.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError, type Problem, reasonOf } from './errors.ts';
import type { PlatformUser } from './loyalty-platform.ts';

/** What the platform answered to a question about a customer. */
export interface PlatformAnswer {
  chainId: number;
  customerId: number;
  user: PlatformUser;
  /** What had been heard of the platform before it was asked, as `heardSoFar` gives it. */
  heardBefore: string;
}

export type TakenOver =
  | { outcome: AppliedUpdate['outcome']; leftOut: readonly Problem[] }
  /** No customer any more. */
  | { outcome: 'nobody' }
  | { outcome: 'refused'; why: { reason: string; fields?: string[] } };

/** Merges what the platform answered about a person with a customer, and ties the two. */
export async function takeOverUser(
  deps: AccountDeps,
  { chainId, customerId, user, heardBefore }: PlatformAnswer,
  context: RequestContext,
): Promise<TakenOver> {
  const { spaazaUserId, update } = user;
  // Not by the e-mail: over there it may have become that of another customer.
  const { username: _, ...others } = update.identifiers;
  const identifiers = { ...others, userId: spaazaUserId, customerId };
  try {
    const answer = { ...update, identifiers, createIfMissing: false, chainId, heardBefore };
    const { outcome, leftOut } = await applyLoyaltyUpdate(deps, answer, { ...context, origin: 'pull' });
    return { outcome, leftOut };
  } catch (error) {
    if (!(error instanceof AccountError) || error.code === 'storage_unavailable') throw error;
    return error.code === 'customer_not_found' ? { outcome: 'nobody' } : { outcome: 'refused', why: reasonOf(error)! };
  }
}

/** Why nothing was taken over, codes and names of fields; null when nothing was in the way. */
export function hindranceIn(taken: TakenOver): string | null {
  switch (taken.outcome) {
    case 'nobody':
      return 'customer_not_found';
    case 'refused':
      return [taken.why.reason, ...(taken.why.fields ?? [])].join(', ');
    default:
      return null;
  }
}
