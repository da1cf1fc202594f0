import { setMaxListeners } from 'node:events';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import type { LoyaltyPlatform } from './loyalty-platform.ts';
import type { LoyaltyTie } from './loyalty-queue.ts';
import type { WritableStore } from './store.ts';
import type { RoomOptions } from './wait-for-room.ts';

/** A customer of a chain: one whose website belongs to it, or who is tied to it. */
export interface ChainMember {
  customerId: number;
  /** The tie to this chain. */
  tie: LoyaltyTie | undefined;
}

/** How far a walk has come. `Tally` is what it has counted; it is kept as JSON. */
export interface WalkProgress<Tally> {
  /** Customers left behind, of all chains. */
  done: number;
  total: number;
  tally: Tally;
  /** When the walk began, ISO 8601, be it in an earlier process. */
  startedAt: string;
  isResumed: boolean;
}

/** What an operator orders who has all customers of a chain looked at. */
export interface WalkOrder<Finding, Tally> {
  platform: LoyaltyPlatform;
  /** Begins with the first customer, wherever an earlier run has come to. */
  isRestart: boolean;
  room: RoomOptions;
  onFinding?(finding: Finding): void;
  onProgress?(progress: WalkProgress<Tally>): void;
}

export interface Walk<Finding, Tally> {
  chainId: number;
  /** Where the place is kept, so that another process can go on from it; left out: nothing is kept. */
  place?: 'reconcileCursor' | 'backfillCursor';
  /** What the walk does, beside looking: one that did something else is not gone on with, and a look takes nobody's place. */
  purpose?: string;
  /** Forgets the place that an earlier walk came to. */
  isRestart: boolean;
  /** Counts before anything was counted. */
  nothing: Tally;
  /** Waits until another page of customers may be looked at. */
  admit?(signal: AbortSignal): Promise<void>;
  /** Looks at one customer; several at once. */
  visit(member: ChainMember, signal: AbortSignal): Promise<Finding>;
  count(tally: Tally, finding: Finding): void;
  /** Writes what follows from a page, in the transaction that keeps the place. */
  settle?(store: WritableStore, findings: readonly Finding[], now: string): Promise<void>;
  /** Told of every customer, by id, a page at a time; of those of a page that had to be begun anew, again. */
  onFinding?(finding: Finding): void;
  onProgress?(progress: WalkProgress<Tally>): void;
}

interface Place<Tally> {
  purpose?: string;
  after: number;
  done: number;
  startedAt: string;
  tally: Tally;
}

/** Customers that are looked at between two places that are kept. */
export const walkPageSize = 50;

/**
 * Goes through all customers of a chain by id, a page at a time, and keeps the place with what it counted: a walk that was
 * killed goes on with the page it was in. Throws `maintenance` as soon as the doors are closed, because then nothing may
 * write, WalkTakenOver, and whatever a visit throws.
 */
export async function walkChain<Finding, Tally>(
  deps: AccountDeps,
  order: Walk<Finding, Tally>,
): Promise<WalkProgress<Tally>> {
  const { store } = deps;
  const total = await store.customers.countAll();
  let kept = order.place === undefined ? null : (await store.chainStates.find(order.chainId))[order.place];
  const earlier = kept === null ? undefined : (JSON.parse(kept) as Place<Tally>);
  // A look leaves the place to a walk that does more, which may be under way or was killed.
  const isGuest = order.purpose === undefined && earlier?.purpose !== undefined && !order.isRestart;
  const walk = isGuest ? { ...order, place: undefined } : order;
  const isResumed = earlier !== undefined && earlier.purpose === walk.purpose && !walk.isRestart;
  let place: Place<Tally> = isResumed
    ? earlier
    : { purpose: walk.purpose, after: 0, done: 0, startedAt: deps.now(), tally: walk.nothing };
  const report = (done: number, tally: Tally): WalkProgress<Tally> => ({
    done,
    total: Math.max(total, done),
    tally,
    startedAt: place.startedAt,
    isResumed,
  });
  walk.onProgress?.(report(place.done, place.tally));
  for (;;) {
    await refuseInMaintenance(deps);
    const customers = await store.customers.listIds(place.after, walkPageSize);
    const members = await membersAmong(deps, walk.chainId, customers);
    const tally = structuredClone(place.tally);
    let visited = 0;
    const findings = await visitAll(walk, members, (finding) => {
      visited += 1;
      walk.count(tally, finding);
      walk.onProgress?.(report(place.done + visited, tally));
    });
    for (const finding of findings) walk.onFinding?.(finding);
    const isLast = customers.length < walkPageSize;
    place = { ...place, after: customers.at(-1)?.id ?? place.after, done: place.done + customers.length, tally };
    kept = await settle(deps, walk, findings, kept, isLast ? null : JSON.stringify(place));
    const progress = report(place.done, tally);
    walk.onProgress?.(progress);
    if (isLast) return progress;
  }
}

/** Another process has gone on from the same place. */
export class WalkTakenOver extends Error {
  constructor() {
    super('Another run has gone on from the same place');
    this.name = 'WalkTakenOver';
  }
}

async function refuseInMaintenance({ directory }: AccountDeps): Promise<void> {
  await directory.refresh();
  if (directory.maintenanceSince !== undefined) throw new AccountError('maintenance');
}

async function membersAmong(
  { store, directory }: AccountDeps,
  chainId: number,
  customers: readonly { id: number; websiteId: number }[],
): Promise<ChainMember[]> {
  const ties = await store.links.listTies(customers.map(({ id }) => id));
  const tieOf = new Map(ties.filter((tie) => tie.chainId === chainId).map((tie) => [tie.customerId, tie]));
  return customers
    .map(({ id, websiteId }) => ({
      customerId: id,
      tie: tieOf.get(id),
      isAtHome: directory.topology.websiteById(websiteId).chainId === chainId,
    }))
    .filter(({ tie, isAtHome }) => isAtHome || tie !== undefined)
    .map(({ customerId, tie }) => ({ customerId, tie }));
}

/** Looks at all of a page at once, as far as the platform's budget of calls allows; the first failure ends the others. */
async function visitAll<Finding, Tally>(
  walk: Walk<Finding, Tally>,
  members: readonly ChainMember[],
  onVisited: (finding: Finding) => void,
): Promise<Finding[]> {
  const stopper = new AbortController();
  // One for each customer that waits for its turn, which is not the leak that node would warn of.
  setMaxListeners(0, stopper.signal);
  if (members.length > 0) await walk.admit?.(stopper.signal);
  const visits = members.map(async (member) => {
    try {
      const finding = await walk.visit(member, stopper.signal);
      onVisited(finding);
      return finding;
    } catch (error) {
      stopper.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(visits);
  if (stopper.signal.aborted) throw stopper.signal.reason;
  return Promise.all(visits);
}

/** Keeps the new place if the old one is still as it was left. */
async function settle<Finding, Tally>(
  { store, now }: AccountDeps,
  walk: Walk<Finding, Tally>,
  findings: readonly Finding[],
  kept: string | null,
  next: string | null,
): Promise<string | null> {
  const { place, chainId } = walk;
  if (place === undefined) return null;
  await store.transaction(async (tx) => {
    if ((await tx.chainStates.find(chainId))[place] !== kept) throw new WalkTakenOver();
    await walk.settle?.(tx, findings, now());
    await tx.chainStates.save(chainId, { [place]: next });
  });
  return next;
}
