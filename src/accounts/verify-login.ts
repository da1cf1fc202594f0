import { type Actor, mayTouchWebsite, type RequestContext } from './access.ts';
import { checkCredentials } from './check-credentials.ts';
import type { Customer } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import type { ChainScope, Shop, Website } from './topology.ts';

export interface VerifiedLogin {
  customer: Customer;
  website: Website;
  shop: Shop | undefined;
}

/**
 * Checks a customer's password for the loyalty platform, without opening a session. Throws as `checkCredentials` does,
 * and `chain_…` for chain problems. Calls nobody: the platform is waiting for this very answer (decisions, Spaaza 2).
 */
export async function verifyLogin(
  deps: AccountDeps,
  input: { email: string; password: string; chainId?: number },
  context: RequestContext,
): Promise<VerifiedLogin> {
  const { topology } = deps.directory;
  const scope = topology.scopeOfChain(input.chainId);
  const poolId = await poolOfEmail(deps, scope, input.email, context.actor);
  const checked = await checkCredentials(deps, { email: input.email, password: input.password, poolId });
  const { customer } = checked.account;
  if (checked.upgradedHash !== undefined || checked.attemptKeys.length > 0) {
    await deps.store.transaction(async (store) => {
      // In the order of a sign-in, which may be writing the same two rows.
      if (checked.attemptKeys.length > 0) await store.attempts.delete(checked.attemptKeys);
      if (checked.upgradedHash !== undefined) {
        await store.customers.upgradePasswordHash(customer.id, checked.passwordHash, checked.upgradedHash);
      }
    });
  }
  return { customer, website: topology.websiteById(customer.websiteId), shop: topology.shopById(customer.storeId) };
}

/** Nobody is in it. */
const emptyPoolId = 0;

/**
 * The one pool whose customers this caller's password check is about, so that there is one hash of work in any case: of
 * a chain's pools the first in which somebody the key may touch has the e-mail. Where only somebody else has it, that
 * is a pool in which nobody has: neither the answer nor the lock may tell of customers behind a wall.
 */
async function poolOfEmail(deps: AccountDeps, scope: ChainScope, email: string, actor: Actor): Promise<number> {
  const isBound = actor.kind === 'partner' && actor.websiteId !== null;
  const [first = emptyPoolId] = scope.poolIds;
  if (scope.poolIds.size === 1 && !isBound) return first;
  let isTaken = false;
  for (const poolId of scope.poolIds) {
    const found = await deps.store.customers.findByEmail(poolId, normalizeEmail(email));
    if (found === undefined) continue;
    if (mayTouchWebsite(actor, found.customer.websiteId)) return poolId;
    isTaken = true;
  }
  return isTaken ? emptyPoolId : first;
}
