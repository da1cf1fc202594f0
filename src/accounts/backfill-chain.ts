import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { heardSoFar } from './loyalty-agreement.ts';
import { type LoyaltyPlatform, LoyaltyPlatformError } from './loyalty-platform.ts';
import { pushOrder } from './loyalty-queue.ts';
import { type Ambiguity, matchPlatformUser } from './match-platform-user.ts';
import { requireOperator } from './require-scope.ts';
import { hindranceIn, takeOverUser } from './take-over-user.ts';
import { waitForRoom } from './wait-for-room.ts';
import { type ChainMember, type WalkOrder, type WalkProgress, walkChain, walkPageSize } from './walk-chain.ts';

/** What the first link of a customer would be, or was. */
export type BackfillOutcome =
  /** Linked already: nothing to do. */
  | 'linked'
  /** The platform knows the person by our id; by the e-mail; not at all. */
  | 'by_id'
  | 'by_email'
  | 'nobody'
  /** It cannot be told who is who: left to people. */
  | 'ambiguous'
  /** Erased over there, and therefore not told of again. */
  | 'erased_there'
  /** What the platform says, or was asked, does not pass. */
  | 'refused'
  /** No customer any more. */
  | 'gone';

export interface BackfillFinding {
  customerId: number;
  outcome: BackfillOutcome;
  spaazaUserId: number | null;
  /** Why, for `ambiguous` and `refused`: a word, or a code of the platform. */
  reason: string | null;
}

export type BackfillTally = Record<BackfillOutcome, number>;

export interface Backfill extends WalkOrder<BackfillFinding, BackfillTally> {
  /** Counts who would match, and changes nothing: neither here nor over there. */
  isDryRun: boolean;
}

/**
 * Links the customers that a chain has already, after the link was turned on. Who is known over there is tied to that
 * person first, and what both sides know is merged, so that nobody's consents and details over there are overwritten by
 * a shop that never asked for them; who is not known waits to be sent. The servers' workers do the sending; the queue
 * never gets longer than `room` says. It may be killed: the next run goes on where it was. Throws `forbidden` to all but
 * operators, `maintenance`, WalkTakenOver, QueueStandsStill and LoyaltyPlatformError.
 */
export async function backfillChain(
  deps: AccountDeps,
  { platform, isDryRun, isRestart, room, onFinding, onProgress }: Backfill,
  context: RequestContext,
): Promise<WalkProgress<BackfillTally>> {
  requireOperator(context);
  const { chainId } = platform;
  return walkChain<BackfillFinding, BackfillTally>(deps, {
    chainId,
    place: isDryRun ? undefined : 'backfillCursor',
    isRestart,
    nothing: {
      linked: 0,
      by_id: 0,
      by_email: 0,
      nobody: 0,
      ambiguous: 0,
      erased_there: 0,
      refused: 0,
      gone: 0,
    },
    admit: isDryRun ? undefined : (signal) => waitForRoom(deps, chainId, walkPageSize, room, signal),
    visit: (member, signal) => visit(deps, platform, member, isDryRun, context, signal),
    count: (tally, { outcome }) => {
      tally[outcome] += 1;
    },
    settle: async ({ queue, links }, findings, now) => {
      // Who was tied waits to be sent because of that change.
      const unknown = findings.filter(({ outcome }) => outcome === 'nobody');
      // What the platform once said of them it does not know any more. Who was tied meanwhile has agreed since.
      await links.forgetUntied(
        unknown.map(({ customerId }) => customerId),
        chainId,
      );
      await queue.enqueue(
        unknown.map(({ customerId }) => pushOrder(chainId, customerId, context.requestId)),
        now,
      );
    },
    onFinding,
    onProgress,
  });
}

async function visit(
  deps: AccountDeps,
  platform: LoyaltyPlatform,
  member: ChainMember,
  isDryRun: boolean,
  context: RequestContext,
  signal: AbortSignal,
): Promise<BackfillFinding> {
  const { customerId, tie } = member;
  const found = (outcome: BackfillOutcome, spaazaUserId: number | null, reason: string | null = null) => ({
    customerId,
    outcome,
    spaazaUserId,
    reason,
  });
  if (tie !== undefined && tie.spaazaUserId !== null) return found('linked', tie.spaazaUserId);
  const { chainId } = platform;
  const heardBefore = heardSoFar(await deps.store.links.findAgreement(customerId, chainId));
  try {
    const matched = await matchPlatformUser(deps, platform, customerId, { signal, requestId: context.requestId });
    if (matched === undefined) return found('gone', null);
    switch (matched.match) {
      case 'nobody':
      case 'erased_there':
        return found(matched.match, null);
      case 'ambiguous':
        return found('ambiguous', matched.spaazaUserId, matched.reason satisfies Ambiguity);
      default: {
        const { user } = matched;
        const { spaazaUserId } = user;
        if (isDryRun) return found(matched.match, spaazaUserId);
        const answer = { chainId, customerId, user, heardBefore };
        const reason = hindranceIn(await takeOverUser(deps, answer, context));
        return reason === null ? found(matched.match, spaazaUserId) : found('refused', spaazaUserId, reason);
      }
    }
  } catch (error) {
    if (!(error instanceof LoyaltyPlatformError) || error.kind !== 'refused') throw error;
    return found('refused', null, error.code === undefined ? 'refused' : String(error.code));
  }
}
