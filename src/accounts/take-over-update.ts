import { hasCaller, type RequestContext } from './access.ts';
import type { AppliedUpdate, LoyaltyConsents, LoyaltyUpdate } from './apply-loyalty-update.ts';
import { logChange, logConsents } from './change-log.ts';
import { differences, type FieldChange, mainAddress } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { refuseIfAny } from './errors.ts';
import { applyAddress } from './loyalty-address.ts';
import { compareWithAgreed, isOutdated, isUnsure, noteAgreement } from './loyalty-agreement.ts';
import {
  type KnownAgreement,
  type LoyaltyLink,
  type LoyaltyLinkChanges,
  type LoyaltyProfile,
  linkChanges,
  type OutboundView,
} from './loyalty-link.ts';
import { pullOrder } from './loyalty-queue.ts';
import { nobodyFound } from './match-customer.ts';
import type { Statement } from './shared-fields.ts';
import type { CustomerWithGroups, HeldCustomer, WritableStore } from './store.ts';
import { isErased } from './tombstones.ts';
import { changeCustomer } from './update-customer.ts';

/**
 * Takes over what the loyalty platform says about a customer, inside a transaction that has locked the customer and read
 * the profile `before` after that: ids, address, consents and profile with their history, then what both sides agree on by
 * now. Decisions between two values go to the history as `conflict.<chain>.<field>`. What it cannot tell, the workers ask
 * the platform. `known` is what is kept of what was agreed; `agreed` is what both sides agree on when more is known of it.
 */
export async function takeOverUpdate(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  input: {
    current: HeldCustomer;
    before: LoyaltyProfile;
    known: KnownAgreement | undefined;
    update: LoyaltyUpdate;
    now: string;
    agreed?: OutboundView;
  },
): Promise<AppliedUpdate> {
  const { current, update, now, agreed } = input;
  const { before, known } = hasCaller(context) ? await withoutFormerPerson(store, input) : input;
  const { customerId: id, chainId } = before.link;
  const comparison = await compareWithAgreed(deps, store, context, { profile: before, known, update, now, agreed });
  const { conflicts, leftOut, taken } = comparison;
  const unchanged = { profile: before, groupIds: current.groupIds, leftOut: [] };
  if (isOutdated(comparison)) return { ...unchanged, outcome: 'outdated' };
  // The update endpoint's caller is answered with what was taken over, and an answer in time is what there is to know.
  if ((context.origin === 'webhook' || comparison.isOvertaken) && isUnsure(comparison)) {
    await askSoon(store, context, chainId, id, now);
    return { ...unchanged, outcome: 'unsure' };
  }
  const changed = await write(deps, store, context, { before, current, update, taken, now });
  const decisions = conflicts.map((conflict) => ({ ...conflict, field: `conflict.${chainId}.${conflict.field}` }));
  const event = { type: 'customer.updated', customerId: id, fields: decisions.map(({ field }) => field) } as const;
  await logChange(store, context, event, decisions, now);
  const profile = await noteAgreement(deps, store, context, comparison, {
    profile: changed.profile,
    now,
    hasEvent: changed.isChanged || decisions.length > 0,
  });
  if (comparison.isLate) await askSoon(store, context, chainId, id, now);
  return { profile, groupIds: changed.groupIds, outcome: 'applied', leftOut };
}

/** Who is tied to another person over there has agreed on nothing with that one, and what the former one said is no news. */
async function withoutFormerPerson(
  store: WritableStore,
  { before, known, update }: { before: LoyaltyProfile; known: KnownAgreement | undefined; update: LoyaltyUpdate },
): Promise<{ before: LoyaltyProfile; known: KnownAgreement | undefined }> {
  const { customerId, chainId, spaazaUserId } = before.link;
  const { userId } = update.identifiers;
  if (userId === undefined || spaazaUserId === null || userId === spaazaUserId) return { before, known };
  await store.links.forgetAgreement(customerId, chainId);
  return { before: { ...before, link: { ...before.link, agreedDigest: null, lastHash: null } }, known: undefined };
}

/** Has the platform asked about a customer, however short ago it was heard of. */
async function askSoon(
  store: WritableStore,
  { requestId }: RequestContext,
  chainId: number,
  customerId: number,
  now: string,
): Promise<void> {
  await store.links.touch(customerId, chainId, null);
  await store.queue.enqueue([pullOrder(chainId, customerId, requestId)], now);
}

/** Writes what is taken over of an update; gives the profile and groups as they are then, and whether anything changed. */
async function write(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  input: {
    before: LoyaltyProfile;
    current: HeldCustomer;
    update: LoyaltyUpdate;
    taken: Statement;
    now: string;
  },
): Promise<{ profile: LoyaltyProfile; groupIds: readonly number[]; isChanged: boolean }> {
  const { before, current, update, taken, now } = input;
  const { customerId: id, chainId } = before.link;
  const changesOfLink = relink(before.link, update, taken.consents);
  if (!hasCaller(context)) refuseOtherTie(before.link, changesOfLink.spaazaUserId);
  await refuseForeignTie(store, before.link, changesOfLink.spaazaUserId);
  await refuseErasedTie(store, before.link, changesOfLink.spaazaUserId);
  const others: FieldChange[] = await applyAddress(store, before, taken.address);
  const linkFields = linkChanges(before.link, changesOfLink);
  const link = { ...before.link, ...changesOfLink };
  if (linkFields.length > 0) await store.links.save(link);
  const groupIds = coupledGroups(deps, current, before.link, link);
  const statements = consentStatements(before.link, taken.consents, chainId);
  // The coupled groups bring the statement about the mailing along.
  const own = groupIds === undefined ? statements : statements.filter(({ subject }) => !subject.startsWith('mailing:'));
  await logConsents(store, context, id, own, now);
  // With neither a street, a city nor a postcode there is no address, and the country stands on the person (spaaza 2.6).
  const hasAddress = mainAddress(before.addresses) !== undefined || others.length > 0;
  // A cleared country is cleared in both places, or the person's would show through.
  const { countryCode } = taken.address;
  const isOnPerson = countryCode === null || (countryCode !== undefined && !hasAddress);
  const changes = isOnPerson ? { ...taken.changes, countryCode } : taken.changes;
  const wanted = { changes, groupIds, others: [...others, ...linkFields] };
  const changed = await changeCustomer(deps, store, context, current, wanted, now);
  // Of a written address only the changes are known here; the rest is.
  const profile =
    others.length > 0
      ? (await store.customers.findLoyaltyProfile(id, chainId))!
      : { customer: changed.customer, addresses: before.addresses, link };
  return { profile, groupIds: changed.groupIds, isChanged: changed !== current };
}

function relink(link: LoyaltyLink, { identifiers }: LoyaltyUpdate, consents: LoyaltyConsents): LoyaltyLinkChanges {
  const changes: LoyaltyLinkChanges = { ...consents };
  if (identifiers.userId !== undefined && identifiers.userId !== link.spaazaUserId)
    changes.spaazaUserId = identifiers.userId;
  if (identifiers.memberNumber !== undefined) changes.memberNumber = identifiers.memberNumber;
  return changes;
}

/**
 * Relinking is for those who mean it (decisions, Spaaza 4): a notice about somebody unknown, who has the e-mail of a linked
 * customer by now, must not take the tie of that customer over.
 */
function refuseOtherTie({ spaazaUserId }: LoyaltyLink, userId: number | null | undefined): void {
  if (spaazaUserId === null || userId === null || userId === undefined) return;
  refuseIfAny([{ field: 'userId', rule: 'conflict', value: String(userId) }]);
}

/**
 * A `user_id` that is tied to somebody whom this request may not see stays there: matching found another customer, and
 * one person over there cannot be two here.
 */
async function refuseForeignTie(store: WritableStore, link: LoyaltyLink, userId: number | null | undefined) {
  if (userId === null || userId === undefined) return;
  const owner = await store.links.findCustomerIdByUserId(link.chainId, userId);
  if (owner === undefined || owner === link.customerId) return;
  refuseIfAny([{ field: 'userId', rule: 'conflict', value: String(userId) }]);
}

/** A late notice about a person erased here must not tie them to the account they have made since. */
async function refuseErasedTie(store: WritableStore, { chainId }: LoyaltyLink, userId: number | null | undefined) {
  if (userId === null || userId === undefined) return;
  if (await isErased(store, chainId, { spaazaUserId: userId })) throw nobodyFound();
}

function consentStatements(link: LoyaltyLink, consents: LoyaltyConsents, chainId: number) {
  const subjects = {
    isMailingSubscribed: 'mailing',
    isPrintedMailingSubscribed: 'printed_mailing',
    isProgrammeOptedIn: 'programme',
  } as const;
  return differences<LoyaltyConsents>(link, consents).map(({ field, after }) => ({
    subject: `${subjects[field as keyof LoyaltyConsents]}:${chainId}`,
    isGiven: after === true,
  }));
}

/** On a coupled website the general newsletter group follows the mailing flag. */
function coupledGroups(
  deps: AccountDeps,
  { customer, groupIds }: CustomerWithGroups,
  before: LoyaltyLink,
  after: LoyaltyLink,
): readonly number[] | undefined {
  const website = deps.directory.topology.websiteById(customer.websiteId);
  const general = website.generalNewsletterGroupId;
  if (!website.couplesNewsletter || general === null || website.chainId !== after.chainId) return undefined;
  if (before.isMailingSubscribed === after.isMailingSubscribed) return undefined;
  if (groupIds.includes(general) === after.isMailingSubscribed) return undefined;
  const others = groupIds.filter((id) => id !== general);
  return after.isMailingSubscribed ? [...others, general].sort((a, b) => a - b) : others;
}
