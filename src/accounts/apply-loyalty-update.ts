import type { RequestContext } from './access.ts';
import { logConsents } from './change-log.ts';
import { type AddressChanges, type CustomerChanges, differences, mainAddress } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { endLoyaltyTie } from './end-loyalty-tie.ts';
import { AccountError, type Problem, refuseIfAny } from './errors.ts';
import { applyAddress } from './loyalty-address.ts';
import {
  digestOf,
  type LoyaltyLink,
  type LoyaltyLinkChanges,
  type LoyaltyProfile,
  linkChanges,
  noChain,
  outboundView,
} from './loyalty-link.ts';
import { problemsOfLoyaltyUpdate } from './loyalty-update-problems.ts';
import { type LoyaltyIdentifiers, matchCustomer, placeNewCustomer } from './match-customer.ts';
import { insertCustomer } from './sign-up.ts';
import type { CustomerWithGroups, WritableStore } from './store.ts';
import { isErased } from './tombstones.ts';
import type { ChainScope, Shop } from './topology.ts';
import { changeCustomer } from './update-customer.ts';

export interface LoyaltyConsents {
  isProgrammeOptedIn?: boolean;
  isMailingSubscribed?: boolean;
  isPrintedMailingSubscribed?: boolean;
}

export interface LoyaltyUpdate {
  identifiers: LoyaltyIdentifiers;
  changes: CustomerChanges;
  address: AddressChanges;
  consents: LoyaltyConsents;
  /** Used on create only: on an existing account it would let an e-mail match take the account over. */
  password?: string;
  /** The platform says this person was erased there (decisions, Spaaza 6). */
  isErasure: boolean;
  createIfMissing: boolean;
  chainId?: number;
  websiteCode?: string;
  storeCode?: string;
  /** What the adapter could not read: reported together with the domain's own findings. */
  problems: readonly Problem[];
}

export interface AppliedUpdate {
  profile: LoyaltyProfile;
  groupIds: readonly number[];
}

/**
 * Takes over what the loyalty platform knows about a person: identify, diff, write customer, link, history and event in
 * one transaction. Identification: `user_id` if given, else `member_number`; then username, then our id; the last two
 * link the customer (decisions, Spaaza 4). Throws `chain_…`, `customer_not_found` (nobody matches and no create asked) or
 * `validation_failed` with every problem. Repeating it changes nothing; two identical creates make one customer. Who was
 * erased here is neither created nor tied again: to the caller that is nobody found.
 */
export async function applyLoyaltyUpdate(
  deps: AccountDeps,
  update: LoyaltyUpdate,
  context: RequestContext,
): Promise<AppliedUpdate> {
  const { topology } = deps.directory;
  const scope = topology.scopeOfChain(update.chainId);
  const matched = await matchCustomer(deps.store, scope, context, update.identifiers);
  const placement = placeNewCustomer(topology, scope, context.actor, update);
  const isCreate = matched === undefined && update.createIfMissing && !update.isErasure;
  refuseIfAny(await problemsOfLoyaltyUpdate(deps, update, { matched, isCreate, ...placement }));
  if (matched === undefined && !isCreate) throw nobodyFound();
  const passwordHash = isCreate && update.password !== undefined ? await deps.passwords.hash(update.password) : null;
  const newcomer =
    isCreate && placement.shop !== undefined
      ? { shop: placement.shop, passwordHash, debtorNumber: await deps.debtorNumbers.next() }
      : undefined;
  const write = (): Promise<AppliedUpdate> =>
    deps.store.transaction(async (store) => {
      const id =
        (await matchCustomer(store, scope, context, update.identifiers)) ??
        (newcomer === undefined ? undefined : await createOrMeet(deps, store, context, scope, update, newcomer));
      const current = id === undefined ? undefined : await store.customers.lock(id);
      // Between the look and the lock the customer was erased: to the caller that is the same as never found.
      if (current === undefined) throw nobodyFound();
      const now = deps.now();
      return update.isErasure
        ? unlink(deps, store, context, scope, current, update, now)
        : apply(deps, store, context, scope, current, update, now);
    });
  try {
    return await write();
  } catch (error) {
    // Two requests that tie one user_id to different customers at once: the index stops the second, who then finds the
    // customer of the first.
    if (error instanceof AccountError) throw error;
    if ((await matchCustomer(deps.store, scope, context, update.identifiers)) === matched) throw error;
    return write();
  }
}

function nobodyFound(): AccountError {
  return new AccountError('customer_not_found', { lookup: { by: 'identifiers' } });
}

/** Inserts, or finds whom a request running at the same time has just inserted. */
async function createOrMeet(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  scope: ChainScope,
  update: LoyaltyUpdate,
  newcomer: { shop: Shop; passwordHash: string | null; debtorNumber: number },
): Promise<number> {
  const { identifiers, changes } = update;
  const marks = {
    spaazaUserId: identifiers.userId,
    customerId: identifiers.customerId,
    email: changes.email ?? identifiers.username,
  };
  if (await isErased(store, scope.chainId ?? noChain, marks)) throw nobodyFound();
  try {
    const wanted = { ...newcomer, changes, groupIds: [] };
    const created = await insertCustomer(deps, store, context, wanted, deps.now());
    return created.customer.id;
  } catch (error) {
    if (!(error instanceof AccountError)) throw error;
    const met = await matchCustomer(store, scope, context, update.identifiers);
    if (met === undefined) throw error;
    return met;
  }
}

/** An erasure over there ends the tie; the account here stays as it is. */
async function unlink(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  scope: ChainScope,
  current: CustomerWithGroups,
  { identifiers }: LoyaltyUpdate,
  now: string,
): Promise<AppliedUpdate> {
  const chainId = scope.chainId ?? noChain;
  await endLoyaltyTie(deps, store, context, current, { chainId, spaazaUserId: identifiers.userId ?? null }, now);
  const { id } = current.customer;
  return { profile: (await store.customers.findLoyaltyProfile(id, chainId))!, groupIds: current.groupIds };
}

async function apply(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  scope: ChainScope,
  current: CustomerWithGroups,
  update: LoyaltyUpdate,
  now: string,
): Promise<AppliedUpdate> {
  const chainId = scope.chainId ?? noChain;
  const { id } = current.customer;
  const before = (await store.customers.findLoyaltyProfile(id, chainId))!;
  const changesOfLink = relink(before.link, update);
  await refuseForeignTie(store, before.link, changesOfLink.spaazaUserId);
  await refuseErasedTie(store, before.link, changesOfLink.spaazaUserId);
  const others = await applyAddress(store, before, update.address);
  const linkFields = linkChanges(before.link, changesOfLink);
  const link = { ...before.link, ...changesOfLink };
  if (linkFields.length > 0) await store.links.save(link);
  const groupIds = coupledGroups(deps, current, before.link, link);
  const statements = consentStatements(before.link, update.consents, chainId);
  // The coupled groups bring the statement about the mailing along.
  const own = groupIds === undefined ? statements : statements.filter(({ subject }) => !subject.startsWith('mailing:'));
  await logConsents(store, context, id, own, now);
  // With neither a street, a city nor a postcode there is no address, and the country stands on the person (spaaza 2.6).
  const hasAddress = mainAddress(before.addresses) !== undefined || others.length > 0;
  // A cleared country is cleared in both places, or the person's would show through.
  const { countryCode } = update.address;
  const isOnPerson = countryCode === null || (countryCode !== undefined && !hasAddress);
  const changes = isOnPerson ? { ...update.changes, countryCode } : update.changes;
  const changed = await changeCustomer(deps, store, context, current, changes, groupIds, now, [
    ...others,
    ...linkFields,
  ]);
  const profile = await agree(deps, store, (await store.customers.findLoyaltyProfile(id, chainId))!, now);
  return { profile, groupIds: changed.groupIds };
}

/** Both sides now agree on what would be sent: remember its digest, so that this change does not echo. */
async function agree(
  deps: AccountDeps,
  store: WritableStore,
  profile: LoyaltyProfile,
  now: string,
): Promise<LoyaltyProfile> {
  const { customerId, chainId, agreedDigest } = profile.link;
  const view = outboundView(profile);
  const digest = digestOf(view);
  // Where nothing is ever asked or sent, nobody looks at the time either.
  if (digest.agreedDigest === agreedDigest && !deps.loyalty.isOn(chainId)) return profile;
  await store.links.agree(customerId, chainId, { view, ...digest, syncedAt: now });
  return { ...profile, link: { ...profile.link, ...digest } };
}

function relink(link: LoyaltyLink, { identifiers, consents }: LoyaltyUpdate): LoyaltyLinkChanges {
  const changes: LoyaltyLinkChanges = { ...consents };
  if (identifiers.userId !== undefined && identifiers.userId !== link.spaazaUserId)
    changes.spaazaUserId = identifiers.userId;
  if (identifiers.memberNumber !== undefined) changes.memberNumber = identifiers.memberNumber;
  return changes;
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
