import { createHash } from 'node:crypto';
import { checkCounted } from './counted-check.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import { AccountError } from './errors.ts';
import { hashNetwork, hashToken, sameDigest } from './session.ts';
import type { SignInAccount } from './store.ts';

export interface Credentials {
  email: string;
  password: string;
  poolId: number;
  network?: string;
  /** Credentials of an earlier session, if the caller sent some: they mark a device that signed in before. */
  device?: { clientId: string; accessToken: string };
}

/** What a successful check hands on to the verb that completes the sign-in. */
export interface CheckedAccount {
  account: SignInAccount;
  /** The stored hash that the password fits. */
  passwordHash: string;
  /** A stronger hash to store in place of it. */
  upgradedHash?: string;
  /** Failure counters to clear. */
  attemptKeys: readonly string[];
}

/**
 * Checks an e-mail and a password. One hash of work whether the account exists or not. Throws `account_locked` while
 * the counter that applies is locked, `invalid_credentials` for an unknown e-mail and a wrong password alike,
 * `account_unconfirmed` only after a right password, `overloaded` when too many checks wait.
 *
 * Failures are counted per e-mail, also for e-mails nobody has, so that a lock tells nothing. A device that signed in
 * before (an earlier token of the account, or the network of one of its sessions) has a counter of its own: a stranger
 * cannot lock the owner out.
 */
export async function checkCredentials(deps: AccountDeps, credentials: Credentials): Promise<CheckedAccount> {
  const email = normalizeEmail(credentials.email);
  if (email === '') {
    // Nobody's: a counter would be everybody's who sends none.
    await deps.passwords.check(credentials.password, null);
    throw new AccountError('invalid_credentials');
  }
  const account = await deps.store.customers.findForSignIn(credentials.poolId, email);
  const accountKey = createHash('sha256').update(`${credentials.poolId}:${email}`).digest('base64url');
  // Nobody's id for an e-mail that nobody has: what is asked of the database must not tell.
  const device = await knownDevice(deps, account?.customer.id ?? 0, credentials);
  const key = device === undefined ? accountKey : `${accountKey}:${device}`;

  const check = await checkCounted(deps, key, credentials.password, account?.passwordHash);
  // No password fits an account that is not there, or a hash that is not; this is for the compiler.
  if (account === undefined || account.passwordHash === null) throw new AccountError('invalid_credentials');
  if (account.customer.unconfirmedSince !== null) {
    throw new AccountError('account_unconfirmed', { email: account.customer.email });
  }
  const { upgradedHash, hadFailures } = check;
  return { account, passwordHash: account.passwordHash, upgradedHash, attemptKeys: hadFailures ? [key] : [] };
}

async function knownDevice(
  deps: AccountDeps,
  customerId: number,
  { device, network }: Credentials,
): Promise<string | undefined> {
  if (device !== undefined) {
    const found = await deps.store.sessions.findByClientId(device.clientId);
    const digest = hashToken(device.accessToken);
    if (found?.session.customerId === customerId && sameDigest(found.session.tokenHash, digest)) return device.clientId;
  }
  const networkHash = hashNetwork(network);
  if (networkHash === null) return undefined;
  return (await deps.store.sessions.isKnownNetwork(customerId, networkHash)) ? networkHash : undefined;
}
