import { mayTouchWebsite, type RequestContext } from './access.ts';
import { checkCredentials } from './check-credentials.ts';
import type { Customer } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import type { Shop, Website } from './topology.ts';

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
  // Websites of one chain may keep customers apart; the e-mail is looked for in the pool of the chain's first website
  // that knows it, so that there is still one hash of work.
  const poolId = await poolOfEmail(deps, [...scope.poolIds], input.email);
  const checked = await checkCredentials(deps, { email: input.email, password: input.password, poolId });
  const { customer } = checked.account;
  if (!mayTouchWebsite(context.actor, customer.websiteId)) throw new AccountError('invalid_credentials');
  if (checked.upgradedHash !== undefined || checked.attemptKeys.length > 0) {
    await deps.store.transaction(async (store) => {
      if (checked.upgradedHash !== undefined) await store.customers.setPasswordHash(customer.id, checked.upgradedHash);
      if (checked.attemptKeys.length > 0) await store.attempts.delete(checked.attemptKeys);
    });
  }
  return { customer, website: topology.websiteById(customer.websiteId), shop: topology.shopById(customer.storeId) };
}

async function poolOfEmail(deps: AccountDeps, poolIds: readonly number[], email: string): Promise<number> {
  const [first, ...others] = poolIds;
  if (first === undefined) throw new AccountError('chain_not_configured');
  if (others.length === 0) return first;
  const normalized = email.trim().toLowerCase();
  for (const poolId of poolIds) {
    if ((await deps.store.customers.findByEmail(poolId, normalized)) !== undefined) return poolId;
  }
  return first;
}
