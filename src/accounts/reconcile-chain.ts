import type { RequestContext } from './access.ts';
import { compareCustomer, type Standing } from './compare-customer.ts';
import type { AccountDeps } from './deps.ts';
import type { FieldComparison } from './loyalty-drift.ts';
import { repairDrift } from './repair-drift.ts';
import { requireOperator } from './require-scope.ts';
import { waitForRoom } from './wait-for-room.ts';
import { type WalkOrder, type WalkProgress, walkChain, walkPageSize } from './walk-chain.ts';

export interface ReconcileFinding {
  customerId: number;
  standing: Standing;
  /** The platform's id of the person, as far as one is known here or there. */
  spaazaUserId: number | null;
  drift: readonly FieldComparison[];
  /** Why, for `refused` and `taken`; and why a repair was not possible. */
  reason: string | null;
  /** `left`: for people to decide; `none`: nobody asked for a repair, or there is nothing to repair. */
  repair: 'none' | 'repaired' | 'left' | 'refused';
}

export interface ReconcileTally {
  customers: Record<Standing, number>;
  /** How many customers differ in a field, by field. */
  fields: Record<string, number>;
  repairs: Record<Exclude<ReconcileFinding['repair'], 'none'>, number>;
}

export interface Reconcile extends WalkOrder<ReconcileFinding, ReconcileTally> {
  /** Merges what differs, and has sent what stays ours. */
  isRepair: boolean;
  /** Also tells the platform anew of those whom it does not know any more. */
  recreatesMissing: boolean;
}

/** Standings in which nothing has to be done. */
export const wellStandings: readonly Standing[] = ['agreed', 'pending', 'withheld', 'gone'];

/**
 * Compares all customers of a chain with the platform, field by field, within the budget of calls. It never writes to the
 * platform: what a repair finds to be ours is sent by the servers' workers. It may be killed: the next run that
 * does the same goes on where it was. Throws `forbidden` to all but operators, `maintenance`, WalkTakenOver, QueueStandsStill and
 * LoyaltyPlatformError.
 */
export async function reconcileChain(
  deps: AccountDeps,
  { platform, isRepair, recreatesMissing, isRestart, room, onFinding, onProgress }: Reconcile,
  context: RequestContext,
): Promise<WalkProgress<ReconcileTally>> {
  requireOperator(context);
  const { chainId } = platform;
  return walkChain<ReconcileFinding, ReconcileTally>(deps, {
    chainId,
    place: 'reconcileCursor',
    purpose: isRepair ? (recreatesMissing ? 'repair and recreate' : 'repair') : undefined,
    isRestart,
    nothing: { customers: nobodyYet(), fields: {}, repairs: { repaired: 0, left: 0, refused: 0 } },
    admit: isRepair ? (signal) => waitForRoom(deps, chainId, walkPageSize, room, signal) : undefined,
    visit: async ({ customerId }, signal) => {
      const call = { signal, requestId: context.requestId };
      const comparison = await compareCustomer(deps, platform, customerId, call);
      const { standing, drift, answer, profile, reason = null } = comparison;
      const spaazaUserId = answer?.user.spaazaUserId ?? profile?.link.spaazaUserId ?? null;
      const finding = { customerId, standing, drift, spaazaUserId, reason };
      if (!isRepair || wellStandings.includes(standing)) return { ...finding, repair: 'none' };
      const hindrance = await repairDrift(deps, chainId, customerId, comparison, { recreatesMissing }, context);
      if (hindrance === null) return { ...finding, repair: 'repaired' };
      return hindrance === 'left'
        ? { ...finding, repair: 'left' }
        : { ...finding, repair: 'refused', reason: hindrance };
    },
    count: ({ customers, fields, repairs }, { standing, drift, repair }) => {
      customers[standing] += 1;
      for (const { field } of drift) fields[field] = (fields[field] ?? 0) + 1;
      if (repair !== 'none') repairs[repair] += 1;
    },
    onFinding,
    onProgress,
  });
}

function nobodyYet(): Record<Standing, number> {
  return {
    agreed: 0,
    pending: 0,
    differs: 0,
    unlinked: 0,
    unknown: 0,
    missing: 0,
    erased: 0,
    taken: 0,
    withheld: 0,
    refused: 0,
    gone: 0,
  };
}
