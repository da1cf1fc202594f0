import { acknowledgePush } from '../accounts/acknowledge-push.ts';
import type { AccountDeps } from '../accounts/deps.ts';
import { digestOf, outboundView } from '../accounts/loyalty-link.ts';
import { LoyaltyPlatformError, type PlatformCall, type PlatformUser } from '../accounts/loyalty-platform.ts';
import type { Claim, QueueRow } from '../accounts/loyalty-queue.ts';
import { tombstoneDigest } from '../accounts/tombstones.ts';
import { type Attempt, contextOf, finish, isInDoubt, type JobTools, NotYet } from './job.ts';

/**
 * Tells the platform of a customer as they are by now, unless both sides agree already, and ends the work on the row. Throws
 * as `workOn` does.
 */
export async function pushCustomer(
  { deps, platform, count }: JobTools,
  row: QueueRow,
  claim: Claim,
  call: PlatformCall,
  attempt: Attempt,
): Promise<void> {
  const { chainId, customerId } = row;
  const { store } = deps;
  const profile = await store.customers.findLoyaltyProfile(customerId, chainId);
  if (profile === undefined) {
    count('push', 'nobody');
    return finish(deps, claim);
  }
  const view = outboundView(profile);
  const { spaazaUserId, agreedDigest } = profile.link;
  if (digestOf(view).agreedDigest === agreedDigest && !isInDoubt(row)) {
    // After a pull alone it was nobody's wish to send something.
    if (row.wantsPush) count('push', 'skipped');
    return finish(deps, claim);
  }
  attempt.payload = maskedJson(view);
  let user: PlatformUser;
  if (spaazaUserId !== null) {
    user = await platform.alterUser(spaazaUserId, view, await store.links.findSnapshot(customerId, chainId), call);
  } else if ((await store.tombstones.find(chainId, customerId)) !== undefined) {
    count('push', 'withheld');
    return finish(deps, claim);
  } else {
    await waitForErasure(deps, chainId, view.email);
    user = await platform.addUser(view, call);
  }
  const outcome = await acknowledgePush(deps, { claim, sent: view, user }, contextOf(row, 'push'));
  if (outcome === 'taken') {
    throw new LoyaltyPlatformError('refused', 'The platform says that this is the person of another customer', {
      codeName: 'tied_to_another_customer',
    });
  }
  if (outcome !== 'lost') count('push', 'acknowledged');
}

/**
 * Who was erased here and signs up again with the same e-mail must not be tied to the person that is yet to be erased over
 * there, or the erasure would hit the new account.
 */
async function waitForErasure({ store }: AccountDeps, chainId: number, email: string): Promise<void> {
  const tombstone = await store.tombstones.findByEmail(chainId, tombstoneDigest(email));
  if (tombstone === undefined) return;
  const row = await store.queue.find(chainId, tombstone.customerId);
  if (row?.erasure && row.state === 'waiting') throw new NotYet(5);
}

/** Says which fields would have been sent, and none of their values. */
function maskedJson(view: object): string {
  const given = Object.entries(view).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(given.map(([field]) => [field, '***'])));
}
