import { hasCaller, type RequestContext } from './access.ts';
import type { LoyaltyUpdate } from './apply-loyalty-update.ts';
import type { AccountDeps } from './deps.ts';
import type { Problem } from './errors.ts';
import { isFormerWord } from './former-words.ts';
import { digestOf, type KnownAgreement, type LoyaltyProfile, type OutboundView, outboundView } from './loyalty-link.ts';
import { type Merged, mergeLoyaltyUpdate, needsTimes, platformView, type Sides } from './merge-loyalty-update.ts';
import { addSeconds } from './session.ts';
import { type SharedField, type Statement, sharedFields, valuesSaid, without } from './shared-fields.ts';
import type { Reads, WritableStore } from './store.ts';
import { isTakenElsewhere } from './taken-email.ts';
import { timesOfChanges } from './times-of-changes.ts';

/** An update held against what is here and what was last agreed. */
export interface Comparison extends Merged {
  sides: Sides;
  known: KnownAgreement | undefined;
  /** When the platform changed what it says, as far as it can be believed, and where that is looked at. */
  saidAt: string | undefined;
  /** False where only our side is known: then everything that is said is taken over. */
  isMerged: boolean;
  /** An answer to a question since which the platform has spoken otherwise: which was the later nobody knows. */
  isOvertaken: boolean;
  /** Something it says may be what the platform had before: it was not looked at. */
  isLate: boolean;
  leftOut: readonly Problem[];
}

/** What was heard of the platform about a customer: equal later when it has not spoken since. */
export function heardSoFar(known: KnownAgreement | undefined): string {
  return JSON.stringify([
    known?.view ?? null,
    known?.platformModifiedAt ?? null,
    known?.syncedAt ?? null,
    known?.digest ?? null,
  ]);
}

/**
 * Holds an update against a profile that is locked. It is merged where the chain's link is on and something was agreed,
 * and where it came without a caller; the update endpoint's first word about somebody is taken as it is, as documented.
 * `known` is what is kept of what was agreed; `agreed` takes its place.
 */
export async function compareWithAgreed(
  deps: AccountDeps,
  store: Reads,
  context: RequestContext,
  {
    profile,
    known,
    update,
    now,
    agreed,
  }: {
    profile: LoyaltyProfile;
    known: KnownAgreement | undefined;
    update: LoyaltyUpdate;
    now: string;
    agreed?: OutboundView;
  },
): Promise<Comparison> {
  const { customer, link } = profile;
  const isOn = deps.loyalty.isOn(link.chainId);
  const waiting = isOn ? await store.queue.find(link.chainId, customer.id) : undefined;
  const isOvertaken = update.heardBefore !== undefined && update.heardBefore !== heardSoFar(known);
  const isTimed = isOn || context.origin === 'webhook';
  const saidAt = isTimed ? believable(update.lastModifiedAt, now) : undefined;
  const late = isOn && context.origin !== 'pull' ? lateFields(update, known, saidAt, now) : [];
  const said: LoyaltyUpdate = { ...update, ...late.reduce<Statement>(without, update) };
  const compared = { known, saidAt, isOvertaken, isLate: late.length > 0 };
  const sides: Sides = {
    agreed: isOn ? (agreed ?? known?.view) : undefined,
    ours: outboundView(profile),
    said,
    sent: waiting?.sent ?? null,
  };
  const isMerged = isOn && (sides.agreed !== undefined || !hasCaller(context));
  const isTaken = !hasCaller(context) && (await isTakenElsewhere(store, customer, said.changes.email));
  const leftOut: Problem[] = isTaken ? [{ field: 'email', rule: 'taken' }] : [];
  if (!isMerged) {
    const taken = isTaken ? without(said, 'email') : said;
    return { ...compared, sides, isMerged, leftOut, ...allOf(taken, sides) };
  }
  const changedAt = needsTimes(sides) ? await timesOfChanges(store, profile) : new Map();
  const merged = mergeLoyaltyUpdate(sides, { saidAt: saidAt ?? now, changedAt }, new Set(isTaken ? ['email'] : []));
  return { ...compared, sides, isMerged, leftOut, ...merged };
}

/**
 * Fields of which an update says what the platform had before it took over ours, as far as its time allows for that: it may
 * have been on its way since.
 */
function lateFields(
  update: LoyaltyUpdate,
  known: KnownAgreement | undefined,
  saidAt: string | undefined,
  now: string,
): SharedField[] {
  const { view, formerWords, platformModifiedAt } = known ?? {};
  if (!view || !formerWords || (saidAt !== undefined && platformModifiedAt && saidAt > platformModifiedAt)) return [];
  return sharedFields.filter((field) => {
    const values = valuesSaid(update, field, view);
    return values !== undefined && isFormerWord(formerWords, field, values, now);
  });
}

/** Tells whether an update is older than what the platform said before. */
export function isOutdated({ known, saidAt }: Comparison): boolean {
  return saidAt !== undefined && saidAt < (known?.platformModifiedAt ?? '');
}

/**
 * Tells whether an update says something else than what the platform said before, and may be the older of the two: an answer
 * that was overtaken, or what is as old as that, which is told to the second. Of two notices that came in the wrong order, or
 * of one and an answer to us, nobody can tell which is the later.
 */
export function isUnsure({ known, saidAt, isMerged, isOvertaken, conflicts, stays }: Comparison): boolean {
  const isNews = conflicts.length > 0 || [...stays.values()].includes('theirs');
  const isAsOld = saidAt !== undefined && saidAt === known?.platformModifiedAt;
  return isMerged && isNews && (isOvertaken || isAsOld);
}

/** What an update has come to, once it was written. */
interface Taken {
  /** As it is now. */
  profile: LoyaltyProfile;
  now: string;
  /** An event was written already. */
  hasEvent: boolean;
}

/**
 * Notes what the platform has after an update was taken over, so that what came from there does not go back, and what stayed
 * ours is sent. Gives the profile with the new digests.
 */
export async function noteAgreement(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  comparison: Comparison,
  taken: Taken,
): Promise<LoyaltyProfile> {
  const isOn = deps.loyalty.isOn(taken.profile.link.chainId);
  return isOn ? noteTold(store, context, comparison, taken) : noteOverheard(store, comparison, taken);
}

async function noteTold(
  store: WritableStore,
  { origin, requestId }: RequestContext,
  { sides, stays, known, saidAt }: Comparison,
  { profile, now, hasEvent }: Taken,
): Promise<LoyaltyProfile> {
  const { customerId, chainId, agreedDigest: earlier } = profile.link;
  const ours = outboundView(profile);
  const view = platformView(sides, stays, ours);
  const digests = digestOf(view);
  const platformModifiedAt = younger(saidAt, known);
  await store.links.agree(customerId, chainId, { view, ...digests, syncedAt: now, platformModifiedAt });
  const { agreedDigest } = digests;
  const isApart = agreedDigest !== digestOf(ours).agreedDigest && agreedDigest !== earlier;
  if (isApart && !hasEvent) {
    const event = { type: 'customer.updated' as const, customerId, fields: [] };
    await store.outbox.append({ event, origin, actor: 'system', requestId, occurredAt: now });
  }
  return { ...profile, link: { ...profile.link, ...digests } };
}

/**
 * The same where the link is off here: the platform may never have been told what is ours. Nothing is agreed then but what was
 * before, and what it says itself; who only ever spoke to such a link is asked before anything is sent.
 */
async function noteOverheard(
  store: WritableStore,
  { sides, stays, known, saidAt }: Comparison,
  { profile, now }: Taken,
): Promise<LoyaltyProfile> {
  const { customerId, chainId, agreedDigest: earlier } = profile.link;
  const agreed = known?.view;
  const ours = outboundView(profile);
  const theirs = platformView({ ...sides, agreed }, stays, ours);
  const { agreedDigest } = digestOf(theirs);
  const digestOfOurs = digestOf(ours);
  // On the wire the hash stands for what is shown, and where nothing is ever sent that is all there is to stand for.
  const { lastHash } = digestOfOurs;
  const platformModifiedAt = younger(saidAt, known);
  // Where nothing is ever asked or sent, nobody looks at the time either.
  const isSame = agreed === undefined || agreedDigest === earlier;
  const isNoted = (lastHash === profile.link.lastHash && isSame) || earlier === digestOfOurs.agreedDigest;
  if (isNoted && platformModifiedAt === undefined) return profile;
  const heard = agreed === undefined ? { view: undefined, syncedAt: null } : { view: theirs, syncedAt: now };
  await store.links.agree(customerId, chainId, { ...heard, lastHash, agreedDigest, platformModifiedAt });
  return { ...profile, link: { ...profile.link, lastHash, agreedDigest } };
}

/** The time of what was said, where it is younger than what was said before. */
function younger(saidAt: string | undefined, known: KnownAgreement | undefined): string | undefined {
  return saidAt !== undefined && saidAt > (known?.platformModifiedAt ?? '') ? saidAt : undefined;
}

/** Everything that is said, taken over. */
function allOf(taken: LoyaltyUpdate | ReturnType<typeof without>, sides: Sides): Merged {
  const said = sharedFields.filter((field) => valuesSaid(taken, field, sides.ours) !== undefined);
  return { taken, conflicts: [], stays: new Map(said.map((field) => [field, 'theirs'])) };
}

/** A clock that is far ahead would make everything later look old. */
function believable(saidAt: string | undefined, now: string): string | undefined {
  return saidAt !== undefined && saidAt <= addSeconds(now, mostAheadSeconds) ? saidAt : undefined;
}

const mostAheadSeconds = 5 * 60;
