import type { RequestContext } from './access.ts';
import { applyLoyaltyUpdate } from './apply-loyalty-update.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError, reasonOf } from './errors.ts';
import type { PlatformUser } from './loyalty-platform.ts';

/**
 * Merges what the platform answered about a person with a customer, and ties the two, as if a worker had asked. Gives why
 * that was refused, or null.
 */
export async function takeOverUser(
  deps: AccountDeps,
  chainId: number,
  customerId: number,
  { spaazaUserId, update }: PlatformUser,
  context: RequestContext,
): Promise<string | null> {
  // Not by the e-mail: over there it may have become that of another customer.
  const { username: _, ...identifiers } = update.identifiers;
  try {
    await applyLoyaltyUpdate(
      deps,
      {
        ...update,
        identifiers: { ...identifiers, userId: spaazaUserId, customerId },
        createIfMissing: false,
        chainId,
      },
      { ...context, origin: 'pull' },
    );
    return null;
  } catch (error) {
    if (!(error instanceof AccountError) || error.code === 'storage_unavailable') throw error;
    const { reason, fields = [] } = reasonOf(error)!;
    return [reason, ...fields].join(', ');
  }
}
