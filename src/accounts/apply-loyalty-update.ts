import { hasCaller, type RequestContext } from './access.ts';
import type { AddressChanges, CustomerChanges } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { endLoyaltyTie } from './end-loyalty-tie.ts';
import { AccountError, type Problem, refuseIfAny } from './errors.ts';
import { type KnownAgreement, type LoyaltyProfile, noChain } from './loyalty-link.ts';
import { leaveOutProblems, problemsOfLoyaltyUpdate } from './loyalty-update-problems.ts';
import { type LoyaltyIdentifiers, matchCustomer, nobodyFound, placeNewCustomer } from './match-customer.ts';
import { insertCustomer } from './sign-up.ts';
import type { HeldCustomer, WritableStore } from './store.ts';
import { takeOverUpdate } from './take-over-update.ts';
import { isErased } from './tombstones.ts';
import type { ChainScope, Shop } from './topology.ts';

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
  /** When the platform last changed what it says, ISO 8601 to the second; a hint, and often absent. */
  lastModifiedAt?: string;
  /** Of an answer: what had been heard of the platform when it was asked, as `heardSoFar` gives it. */
  heardBefore?: string;
  /** What the adapter could not read: reported together with the domain's own findings. */
  problems: readonly Problem[];
}

export interface AppliedUpdate {
  profile: LoyaltyProfile;
  groupIds: readonly number[];
  /**
   * `applied`: what it says is merged with what is here. `outdated`: it is older than what the platform said before.
   * `unsure`: different, and nobody can tell which is the later, so that a question to the platform waits in the queue. The
   * last two change nothing.
   */
  outcome: 'applied' | 'outdated' | 'unsure';
  /** What could not be taken over, where nobody waits for a refusal. */
  leftOut: readonly Problem[];
}

/**
 * Takes over what the loyalty platform knows about a person: identify, diff, write customer, link, history and event in
 * one transaction. Identification: `user_id` if given, else `member_number`; then username, then our id; the last two
 * link the customer (decisions, Spaaza 4). Throws `chain_…`, `customer_not_found` (nobody matches and no create asked) or
 * `validation_failed` with every problem; where the origin says that nobody waits for a refusal, what is wrong is left
 * out and the rest taken over. Repeating it changes nothing; two identical creates make one customer. Who was erased
 * here is neither created nor tied again: to the caller that is nobody found.
 */
export async function applyLoyaltyUpdate(
  deps: AccountDeps,
  given: LoyaltyUpdate,
  context: RequestContext,
): Promise<AppliedUpdate> {
  const { topology } = deps.directory;
  const scope = topology.scopeOfChain(given.chainId);
  const matched = await matchCustomer(deps.store, scope, context, given.identifiers);
  const placement = placeNewCustomer(topology, scope, context.actor, given);
  const { update, leftOut } = hasCaller(context) ? { update: given, leftOut: [] } : leaveOutProblems(deps, given);
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
      const chainId = scope.chainId ?? noChain;
      let held = matched === undefined ? undefined : await lockWithProfile(store, matched, chainId);
      // Who has the `user_id` is meant. By all else it may be somebody else by now.
      const isMeant = held !== undefined && held.before.link.spaazaUserId === update.identifiers.userId;
      if (!isMeant) {
        const id =
          (await matchCustomer(store, scope, context, update.identifiers)) ??
          (newcomer === undefined ? undefined : await createOrMeet(deps, store, context, scope, update, newcomer));
        if (id === undefined) throw nobodyFound();
        if (id !== matched) held = await lockWithProfile(store, id, chainId);
      }
      // Between the look and the lock the customer was erased: to the caller that is the same as never found.
      if (held === undefined) throw nobodyFound();
      const { current, before, known } = held;
      const now = deps.now();
      const applied = update.isErasure
        ? await unlink(deps, store, context, current, before, update, now)
        : await takeOverUpdate(deps, store, context, { current, before, known, update, now });
      return { ...applied, leftOut: [...leftOut, ...applied.leftOut] };
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

/** Locks a customer and reads the profile and what was agreed; undefined when there is none. */
async function lockWithProfile(
  store: WritableStore,
  id: number,
  chainId: number,
): Promise<{ current: HeldCustomer; before: LoyaltyProfile; known: KnownAgreement | undefined } | undefined> {
  // Asked for together, answered one after the other: the profile is that of the locked customer.
  const [current, before, known] = await Promise.all([
    store.customers.lock(id),
    store.customers.findLoyaltyProfile(id, chainId),
    store.links.findAgreement(id, chainId),
  ]);
  return current && before && { current, before, known };
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
  current: HeldCustomer,
  { link }: LoyaltyProfile,
  { identifiers: { userId } }: LoyaltyUpdate,
  now: string,
): Promise<AppliedUpdate> {
  // Found by the e-mail, and tied to another person over there, who was not erased.
  if (userId !== undefined && link.spaazaUserId !== null && userId !== link.spaazaUserId) throw nobodyFound();
  const { chainId } = link;
  await endLoyaltyTie(deps, store, context, current, { chainId, spaazaUserId: userId ?? null }, now);
  const { id } = current.customer;
  const profile = (await store.customers.findLoyaltyProfile(id, chainId))!;
  return { profile, groupIds: current.groupIds, outcome: 'applied', leftOut: [] };
}
