import type { RequestContext } from '../accounts/access.ts';
import type { AccountDeps } from '../accounts/deps.ts';
import type { KnownAgreement, LoyaltyProfile } from '../accounts/loyalty-link.ts';
import type { LoyaltyPlatform } from '../accounts/loyalty-platform.ts';
import type { Claim, QueueRow } from '../accounts/loyalty-queue.ts';
import type { SharedField } from '../accounts/shared-fields.ts';
import { consentsOfNewcomer } from '../accounts/times-of-changes.ts';

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

/** A customer as they are here, and what is known of them over there. */
export interface BothSides {
  profile: LoyaltyProfile;
  known: KnownAgreement | undefined;
  /** Of somebody who is new over there the consents about which somebody ever spoke; undefined for others. */
  consentsOfNewcomer: ReadonlySet<SharedField> | undefined;
}

/**
 * Reads both sides of a row; undefined when there is no customer any more. The other side first: what the platform tells
 * between the two reads then counts as told since.
 */
export async function readBothSides(
  { store }: AccountDeps,
  { customerId, chainId }: QueueRow,
): Promise<BothSides | undefined> {
  const known = await store.links.findAgreement(customerId, chainId);
  const profile = await store.customers.findLoyaltyProfile(customerId, chainId);
  return profile && { profile, known, consentsOfNewcomer: await consentsOfNewcomer(store, profile) };
}

/** Removes a row that is done; one that changed meanwhile begins anew. */
export async function finish({ store, now }: AccountDeps, claim: Claim): Promise<void> {
  await store.transaction(async ({ queue }) => {
    if (!(await queue.remove(claim))) await queue.reopen(claim, now());
  });
}

/** In whose name a row is worked on. */
export function contextOf({ requestId }: QueueRow, origin: 'pull' | 'push'): RequestContext {
  return { actor: { kind: 'system' }, origin, requestId };
}
