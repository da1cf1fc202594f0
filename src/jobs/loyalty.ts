import type { RequestContext } from '../accounts/access.ts';
import { acknowledgePush } from '../accounts/acknowledge-push.ts';
import { applyLoyaltyUpdate } from '../accounts/apply-loyalty-update.ts';
import type { AccountDeps } from '../accounts/deps.ts';
import { AccountError, reasonOf } from '../accounts/errors.ts';
import { digestOf, type LoyaltyProfile, outboundView } from '../accounts/loyalty-link.ts';
import {
  type LoyaltyPlatform,
  LoyaltyPlatformError,
  type PlatformCall,
  type PlatformUser,
} from '../accounts/loyalty-platform.ts';
import type { Claim, QueueRow } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';
import { tombstoneDigest } from '../accounts/tombstones.ts';

/** What is counted: how a push, a pull or an erasure went. */
export type JobKind = 'push' | 'pull' | 'erasure';
export type JobOutcome =
  /** The platform took it over, or we took over what it said. */
  | 'acknowledged'
  /** Nothing was sent or asked: both sides agree already, or the platform was heard of just now. */
  | 'skipped'
  /** Somebody whom the platform erased is not told of again. */
  | 'withheld'
  /** Nobody over there, or nobody here any more. */
  | 'nobody'
  /** Nothing that the platform says is taken over: its id is tied to another customer. */
  | 'refused'
  /** Failed for now. */
  | 'retried'
  /** Given up. */
  | 'dead';

export interface JobTools {
  deps: AccountDeps;
  platform: LoyaltyPlatform;
  count(kind: JobKind, outcome: JobOutcome): void;
  /** Called with what of the platform's words was not taken over, and why: codes and field names, no values. */
  onRefusal(reason: object): void;
}

/** A row that cannot be worked on before something else has happened: it waits without having failed. */
export class NotYet extends Error {
  readonly waitSeconds: number;

  constructor(waitSeconds: number) {
    super('Something else has to happen first');
    this.name = 'NotYet';
    this.waitSeconds = waitSeconds;
  }
}

/** What was being done when a row failed, and what would have been sent: with the values masked. */
export interface Attempt {
  kind: JobKind;
  payload: string | null;
}

/**
 * Does what a claimed row asks for: an erasure and nothing else, or a pull and then a push. Ends the work on the row in the
 * transaction that notes its last result. Throws LoyaltyPlatformError, the reason of the signal, or NotYet; `attempt` then
 * says what failed.
 */
export async function workOn(
  tools: JobTools,
  row: QueueRow,
  claim: Claim,
  signal: AbortSignal,
  attempt: Attempt,
): Promise<void> {
  const call: PlatformCall = { signal, requestId: row.requestId };
  if (row.erasure !== null) {
    attempt.kind = 'erasure';
    await erase(tools, row, row.erasure.spaazaUserId, call);
    return finish(tools.deps, claim);
  }
  const profile = await tools.deps.store.customers.findLoyaltyProfile(row.customerId, row.chainId);
  if (profile === undefined) {
    tools.count(row.wantsPush ? 'push' : 'pull', 'nobody');
    return finish(tools.deps, claim);
  }
  let wantsPush = row.wantsPush;
  if (row.wantsPull) {
    attempt.kind = 'pull';
    // What was changed over there may have been mixed with what was changed here: then there is something to send.
    wantsPush = (await pull(tools, row, profile, call)) || wantsPush;
    signal.throwIfAborted();
  }
  if (!wantsPush) return finish(tools.deps, claim);
  attempt.kind = 'push';
  return push(tools, row, claim, call, attempt);
}

/** Removes a row that is done; one that changed meanwhile begins anew. */
async function finish({ store, now }: AccountDeps, claim: Claim): Promise<void> {
  await store.transaction(async ({ queue }) => {
    if (!(await queue.remove(claim))) await queue.reopen(claim, now());
  });
}

/** Asks what the platform knows and takes it over; true when it said something. */
async function pull(tools: JobTools, row: QueueRow, profile: LoyaltyProfile, call: PlatformCall): Promise<boolean> {
  const { deps, platform, count } = tools;
  const { customerId, chainId } = row;
  const { spaazaUserId } = profile.link;
  const syncedAt = await deps.store.links.findSyncedAt(customerId, chainId);
  const isFresh = syncedAt !== undefined && syncedAt >= addSeconds(deps.now(), -deps.loyalty.pullIntervalSeconds);
  // In doubt, what the platform says may be what we said before, and no news.
  if (isFresh || isInDoubt(row)) {
    count('pull', 'skipped');
    return false;
  }
  const user = await platform.fetchUser(spaazaUserId === null ? { customerId } : { spaazaUserId }, call);
  const outcome = user === undefined ? 'nobody' : await takeOver(tools, row, user);
  count('pull', outcome);
  if (outcome !== 'acknowledged') {
    // Asked is asked: the next sign-in need not ask the same again.
    await deps.store.transaction(async ({ customers, links }) => {
      if (await customers.hold(customerId)) await links.touch(customerId, chainId, deps.now());
    });
  }
  return outcome === 'acknowledged';
}

async function takeOver(tools: JobTools, row: QueueRow, { spaazaUserId, update }: PlatformUser): Promise<JobOutcome> {
  const { username: _, ...identifiers } = update.identifiers;
  try {
    const { leftOut } = await applyLoyaltyUpdate(
      tools.deps,
      {
        ...update,
        // Not by the e-mail: it may have changed over there to that of another customer of ours.
        identifiers: { ...identifiers, userId: spaazaUserId, customerId: row.customerId },
        createIfMissing: false,
        chainId: row.chainId,
      },
      contextOf(row, 'pull'),
    );
    if (leftOut.length > 0) tools.onRefusal({ fields: leftOut.map(({ field, rule }) => `${field}: ${rule}`) });
    return 'acknowledged';
  } catch (error) {
    if (!(error instanceof AccountError) || error.code === 'storage_unavailable') throw error;
    if (error.code === 'customer_not_found') return 'nobody';
    tools.onRefusal(reasonOf(error) ?? {});
    return 'refused';
  }
}

async function push(
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
 * A try that ended without an answer may have been carried out: then the platform has what both sides never agreed on, and
 * a customer who changed back meanwhile has to be sent all the same.
 */
function isInDoubt({ wantsPush, attempts }: QueueRow): boolean {
  return wantsPush && attempts > 0;
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

/**
 * Without a user id the person is looked for by our id first, because nobody knows whether the platform ever heard of
 * them. A refusal counts as done when the platform shows the person as erased, and only then: the same code may mean that
 * we are not allowed to.
 */
async function erase(
  { deps, platform, count }: JobTools,
  { chainId, customerId }: QueueRow,
  spaazaUserId: number | null,
  call: PlatformCall,
): Promise<void> {
  const userId = spaazaUserId ?? (await platform.fetchUser({ customerId }, call))?.spaazaUserId;
  // Tied to somebody since: the person came back, and the platform knows them as the same.
  const isTiedAgain =
    userId !== undefined && (await deps.store.links.findCustomerIdByUserId(chainId, userId)) !== undefined;
  if (userId === undefined || isTiedAgain) {
    count('erasure', isTiedAgain ? 'withheld' : 'nobody');
    return;
  }
  try {
    await platform.deleteUser({ spaazaUserId: userId }, call);
  } catch (error) {
    if (!(error instanceof LoyaltyPlatformError) || error.kind !== 'refused') throw error;
    const user = await platform.fetchUser({ spaazaUserId: userId }, call);
    if (!user?.update.isErasure) throw error;
  }
  count('erasure', 'acknowledged');
}

function contextOf({ requestId }: QueueRow, origin: 'pull' | 'push'): RequestContext {
  return { actor: { kind: 'system' }, origin, requestId };
}

/** Says which fields would have been sent, and none of their values. */
function maskedJson(view: object): string {
  const given = Object.entries(view).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(given.map(([field]) => [field, '***'])));
}
