import { heardSoFar } from '../accounts/loyalty-agreement.ts';
import { LoyaltyPlatformError, type PlatformCall } from '../accounts/loyalty-platform.ts';
import type { Claim, QueueRow } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';
import { type PlatformAnswer, takeOverUser } from '../accounts/take-over-user.ts';
import {
  type Attempt,
  type BothSides,
  contextOf,
  finish,
  type JobOutcome,
  type JobTools,
  NotYet,
  readBothSides,
} from './job.ts';
import { payloadOf, pushCustomer } from './push-customer.ts';

/**
 * Does what a claimed row asks for: an erasure and nothing else, or a pull and then a push. Ends the work on the row in the
 * transaction that notes its last result. Throws LoyaltyPlatformError, the reason of the signal, or NotYet; `attempt` then
 * says what failed.
 */
export async function workOn(
  tools: JobTools,
  row: QueueRow,
  claim: Claim,
  call: PlatformCall,
  attempt: Attempt,
): Promise<void> {
  if (row.erasure !== null) {
    attempt.kind = 'erasure';
    await erase(tools, row, row.erasure.spaazaUserId, call);
    return finish(tools.deps, claim);
  }
  let sides = await readBothSides(tools.deps, row);
  if (sides === undefined) {
    tools.count(row.wantsPush ? 'push' : 'pull', 'nobody');
    return finish(tools.deps, claim);
  }
  let wantsPush = row.wantsPush || row.sent !== null;
  const isLate = wantsPush && hasWaitedLong(row, sides, tools.deps.now());
  if (row.wantsPull || isLate) {
    attempt.kind = 'pull';
    if (wantsPush) attempt.payload = payloadOf(row, sides);
    // What was changed over there may have been mixed with what was changed here: then there is something to send.
    wantsPush = (await pull(tools, row, sides, isLate, call)) || wantsPush;
    call.signal?.throwIfAborted();
    if (wantsPush) sides = await readBothSides(tools.deps, row);
  }
  if (!wantsPush) return finish(tools.deps, claim);
  attempt.kind = 'push';
  return pushCustomer(tools, row, sides, claim, call, attempt);
}

/**
 * Tells whether a change waited long enough for the same to have been changed over there: then the platform is heard first,
 * because what it is sent replaces what it has. Somebody about whom nothing was agreed is heard first as well.
 */
function hasWaitedLong(row: QueueRow, { profile, known }: BothSides, now: string): boolean {
  if (profile.link.spaazaUserId === null) return false;
  return row.attempts > 0 || row.queuedAt < addSeconds(now, -longSeconds) || known?.view === undefined;
}

const longSeconds = 60;

/** Asks what the platform knows and takes it over; true when it said something. */
async function pull(
  tools: JobTools,
  row: QueueRow,
  { profile, known }: BothSides,
  isLate: boolean,
  call: PlatformCall,
): Promise<boolean> {
  const { deps, platform, count } = tools;
  const { customerId, chainId } = row;
  const { spaazaUserId } = profile.link;
  const syncedAt = known?.syncedAt ?? '';
  const freshSeconds = isLate
    ? Math.min(longSeconds, deps.loyalty.pullIntervalSeconds)
    : deps.loyalty.pullIntervalSeconds;
  if (syncedAt >= addSeconds(deps.now(), -freshSeconds)) {
    if (row.wantsPull) count('pull', 'skipped');
    return false;
  }
  const heardBefore = heardSoFar(known);
  const user = await platform.fetchUser(spaazaUserId === null ? { customerId } : { spaazaUserId }, call);
  const outcome =
    user === undefined ? 'nobody' : await takeOver(tools, row, { chainId, customerId, user, heardBefore });
  count('pull', outcome);
  if (outcome !== 'acknowledged') {
    // Asked is asked: the next sign-in need not ask the same again.
    await deps.store.transaction(async ({ customers, links }) => {
      if (await customers.hold(customerId)) await links.touch(customerId, chainId, deps.now());
    });
  }
  return outcome === 'acknowledged';
}

async function takeOver({ deps, onRefusal }: JobTools, row: QueueRow, answer: PlatformAnswer): Promise<JobOutcome> {
  const taken = await takeOverUser(deps, answer, contextOf(row, 'pull'));
  switch (taken.outcome) {
    case 'nobody':
      return 'nobody';
    case 'refused':
      onRefusal(taken.why);
      return 'refused';
    case 'unsure':
      // The platform spoke while it was asked, and otherwise: it is asked again.
      throw new NotYet(1);
    default:
      if (taken.leftOut.length > 0) onRefusal({ fields: taken.leftOut.map(({ field, rule }) => `${field}: ${rule}`) });
      return 'acknowledged';
  }
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
