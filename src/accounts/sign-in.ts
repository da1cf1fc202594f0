import { describeActor, type RequestContext } from './access.ts';
import { type CheckedAccount, type Credentials, checkCredentials } from './check-credentials.ts';
import type { AccountDeps } from './deps.ts';
import { lowerCaseEmail } from './email.ts';
import { againWhenReplaced, PasswordReplaced } from './password-replaced.ts';
import { addSeconds, hashNetwork, hashToken, type IssuedToken, mintToken } from './session.ts';
import type { CustomerWithGroups, WritableStore } from './store.ts';
import type { Shop } from './topology.ts';

export interface SignedIn extends CustomerWithGroups {
  token: IssuedToken;
}

/**
 * Signs a customer in at a store. `email` in any case or spacing. Throws as `checkCredentials` does. Writes one session
 * and one history row, and an event where the chain's link is on; upgrades an old hash, and ends the session with the
 * lowest expiry beyond the device limit. The password is the one that is stored when the session is written.
 */
export async function signIn(
  deps: AccountDeps,
  input: { shop: Shop; email: string; password: string; device?: Credentials['device'] },
  context: RequestContext,
): Promise<SignedIn> {
  const { poolId } = deps.directory.topology.websiteById(input.shop.websiteId);
  const { shop: _, ...credentials } = input;
  return againWhenReplaced(async () => {
    const checked = await checkCredentials(deps, { ...credentials, poolId, network: context.network });
    const { customer, groupIds } = checked.account;
    return { customer, groupIds, token: await completeSignIn(deps, checked, context) };
  });
}

async function completeSignIn(
  deps: AccountDeps,
  checked: CheckedAccount,
  context: RequestContext,
): Promise<IssuedToken> {
  const { customer } = checked.account;
  const now = deps.now();
  const actor = { kind: 'customer', id: customer.id } as const;
  return deps.store.transaction(async (store) => {
    if (checked.attemptKeys.length > 0) await store.attempts.delete(checked.attemptKeys);
    await store.history.append([
      {
        customerId: customer.id,
        field: 'signedIn',
        before: null,
        after: now,
        origin: context.origin,
        actor: describeActor(actor),
        requestId: context.requestId,
        changedAt: now,
      },
    ]);
    await askPlatform(deps, store, customer, context, now);
    const token = await startSession(deps, store, customer, context, now, checked.passwordHash);
    if (checked.upgradedHash !== undefined) {
      await store.customers.upgradePasswordHash(customer.id, checked.passwordHash, checked.upgradedHash);
    }
    return token;
  });
}

/** Leaves word that the loyalty platform is to be asked about this person: later, and not where the link is off. */
async function askPlatform(
  { directory, loyalty }: AccountDeps,
  store: WritableStore,
  { id: customerId, websiteId }: { id: number; websiteId: number },
  context: RequestContext,
  now: string,
): Promise<void> {
  const { chainId } = directory.topology.websiteById(websiteId);
  if (chainId === null || !loyalty.isOn(chainId)) return;
  await store.outbox.append({
    event: { type: 'customer.signed_in', customerId },
    origin: context.origin,
    actor: `customer ${customerId}`,
    requestId: context.requestId,
    occurredAt: now,
  });
}

/**
 * Opens a session inside a transaction and keeps the number of devices within the limit. Throws `PasswordReplaced` when
 * `passwordHash` is not the stored one any more, and when nobody is there any more.
 */
export async function startSession(
  deps: AccountDeps,
  store: WritableStore,
  customer: { id: number; email: string },
  context: RequestContext,
  now: string,
  passwordHash?: string,
): Promise<IssuedToken> {
  const { lifespanSeconds, maxDevices } = deps.rules.sessions;
  const accessToken = mintToken();
  const clientId = mintToken();
  const uid = lowerCaseEmail(customer.email);
  const expiresAt = addSeconds(now, lifespanSeconds);
  // Held so that sign-ins at once count each other's sessions, and so that nobody signs in to an account being erased.
  // Pruned before the new one is there: it must not be the one to go, even where older ones were given a longer life.
  const [isHeld] = await Promise.all([
    store.customers.hold(customer.id, passwordHash),
    store.sessions.prune(customer.id, maxDevices - 1, now),
  ]);
  if (!isHeld) throw new PasswordReplaced();
  await store.sessions.insert({
    customerId: customer.id,
    clientId,
    tokenHash: hashToken(accessToken),
    previousTokenHash: null,
    previousValidUntil: null,
    rotationSeed: mintToken(),
    uid,
    expiresAt,
    createdAt: now,
    lastUsedAt: now,
    networkHash: hashNetwork(context.network),
  });
  return { accessToken, clientId, uid, expiresAt };
}
