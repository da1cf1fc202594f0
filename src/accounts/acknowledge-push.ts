import type { RequestContext } from './access.ts';
import { logChange } from './change-log.ts';
import type { AccountDeps } from './deps.ts';
import { endLoyaltyTie } from './end-loyalty-tie.ts';
import { addFormerWords } from './former-words.ts';
import { digestOf, type LoyaltyLink, linkChanges, linkOf, type OutboundView } from './loyalty-link.ts';
import type { PlatformUser } from './loyalty-platform.ts';
import type { Claim } from './loyalty-queue.ts';
import { leaveOutProblems } from './loyalty-update-problems.ts';
import { sendAgain } from './send-again.ts';
import type { SentWords } from './sent-words.ts';
import { type SharedField, type Statement, withFields, without } from './shared-fields.ts';
import type { HeldCustomer, WritableStore } from './store.ts';
import { takeOverUpdate } from './take-over-update.ts';

/**
 * What came of an acknowledged push. `agreed`: noted. `erased`: the platform has erased the person, and the tie ended.
 * `gone`: the customer was erased here meanwhile, and now is to be erased over there. `taken`: the platform's id is tied
 * to another customer. `lost`: somebody else has had the row since, or the customer is tied to another person, who is to
 * be told instead; nothing was noted, and the row waits again.
 */
export type PushOutcome = 'agreed' | 'erased' | 'gone' | 'taken' | 'lost';

export interface AcknowledgedPush {
  claim: Claim;
  /** Who was addressed; null for somebody who was new. */
  spaazaUserId: number | null;
  /** The view that was sent, and the fields of it that were. */
  sent: OutboundView;
  fields: readonly SharedField[];
  /** What was sent before without an answer. */
  sentBefore: SentWords | null;
  /** What had been heard of the platform before, as `heardSoFar` gives it. */
  heardBefore: string;
  /** The answer. */
  user: PlatformUser;
}

/**
 * Notes that the platform took over these `fields` of `sent`: ids are linked with history, and digest and snapshot are those of
 * what was sent, not of the customer as it is by now, so that a later change is still seen as one. What the answer says of
 * other fields is taken over as if it had been asked for. Ends the work on the row; but for `taken`, which is for the caller
 * to end.
 */
export async function acknowledgePush(
  deps: AccountDeps,
  input: AcknowledgedPush,
  context: RequestContext,
): Promise<PushOutcome> {
  const { claim, user } = input;
  const { chainId, customerId } = claim;
  return deps.store.transaction(async (store) => {
    const now = deps.now();
    if (!(await store.queue.holds(claim))) {
      const { requestId } = context;
      await sendAgain(store, { ...input, spaazaUserId: user.spaazaUserId, requestId }, now);
      return 'lost';
    }
    const current = await store.customers.lock(customerId);
    if (current === undefined) {
      // Whoever erased the customer could not know the id that this push has brought.
      await store.queue.saveErasure(chainId, customerId, { spaazaUserId: user.spaazaUserId });
      await store.queue.reopen(claim, now);
      return 'gone';
    }
    const link = await linkOf(store, customerId, chainId);
    if (link.spaazaUserId !== input.spaazaUserId && link.spaazaUserId !== user.spaazaUserId) {
      await store.queue.reopen(claim, now);
      return 'lost';
    }
    const owner = await store.links.findCustomerIdByUserId(chainId, user.spaazaUserId);
    if (owner !== undefined && owner !== customerId) return 'taken';
    if (user.update.isErasure) {
      await endLoyaltyTie(deps, store, context, current, { chainId, spaazaUserId: user.spaazaUserId }, now);
    } else {
      await tie(store, context, link, user, now);
      await agreeOn(deps, store, context, current, input, now);
    }
    if (!(await store.queue.remove(claim))) await store.queue.reopen(claim, now);
    return user.update.isErasure ? 'erased' : 'agreed';
  });
}

/**
 * Notes what the platform has by now: what it was sent, and of the rest what its answer says. Nobody asked for the rest, but
 * this may be the first that is heard of a change over there.
 */
async function agreeOn(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  current: HeldCustomer,
  { claim, sent, fields, sentBefore, heardBefore, user }: AcknowledgedPush,
  now: string,
): Promise<void> {
  const { chainId, customerId } = claim;
  const known = await store.links.findAgreement(customerId, chainId);
  const before = known?.view ?? sent;
  const view = withFields(before, fields, sent);
  const change = { before, after: sent, fields, sent: sentBefore };
  const formerWords = addFormerWords(known?.formerWords ?? null, change, now);
  const { update } = leaveOutProblems(deps, { ...user.update, identifiers: {}, createIfMissing: false, heardBefore });
  const rest = fields.reduce<Statement>(without, update);
  const profile = (await store.customers.findLoyaltyProfile(customerId, chainId))!;
  const heard = await takeOverUpdate(
    deps,
    store,
    { ...context, origin: 'pull' },
    { current, before: profile, known, update: { ...update, ...rest }, now, agreed: view },
  );
  if (heard.outcome !== 'applied')
    await store.links.agree(customerId, chainId, { view, ...digestOf(view), syncedAt: now });
  await store.links.saveFormerWords(customerId, chainId, formerWords);
  // The answer was overtaken by what the platform told meanwhile: it is asked, however short ago it was heard of.
  if (heard.outcome === 'unsure') await store.links.touch(customerId, chainId, null);
}

async function tie(
  store: WritableStore,
  context: RequestContext,
  link: LoyaltyLink,
  { spaazaUserId, memberNumber }: PlatformUser,
  now: string,
): Promise<void> {
  const ids = { spaazaUserId, memberNumber: memberNumber ?? link.memberNumber };
  const changes = linkChanges(link, ids);
  if (changes.length === 0) return;
  await store.links.save({ ...link, ...ids });
  const fields = changes.map(({ field }) => field);
  await logChange(store, context, { type: 'customer.updated', customerId: link.customerId, fields }, changes, now);
}
