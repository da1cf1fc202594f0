import type { AccountDeps } from './deps.ts';
import type { OutboxEntry } from './events.ts';
import { isKnownThere } from './loyalty-link.ts';
import type { LoyaltyTie, QueueOrder } from './loyalty-queue.ts';
import { addSeconds } from './session.ts';
import type { WritableStore } from './store.ts';

/**
 * Takes up to `limit` of the oldest events out of the outbox and puts what they mean for the loyalty platform into its
 * queue, in one transaction; events that mean nothing to it just go. Gives the number of events; 0 when none waited.
 */
export async function dispatchEvents(deps: AccountDeps, limit: number): Promise<number> {
  if (await deps.store.outbox.isEmpty()) return 0;
  return deps.store.transaction(async (store) => {
    const entries = await store.outbox.take(limit);
    const chainIds = deps.directory.topology.data.chains.map(({ id }) => id).filter((id) => deps.loyalty.isOn(id));
    if (chainIds.length === 0) return entries.length;
    const now = deps.now();
    await store.queue.enqueue(await ordersOf(deps, store, entries, chainIds, now), now);
    return entries.length;
  });
}

async function ordersOf(
  deps: AccountDeps,
  store: WritableStore,
  entries: readonly OutboxEntry[],
  chainIds: readonly number[],
  now: string,
): Promise<QueueOrder[]> {
  const customerIds = [...new Set(entries.map(({ event }) => event.customerId))];
  const websiteIds = await store.customers.mapWebsiteIds(customerIds);
  const ties = await store.links.listTies(customerIds);
  const begun = new Map<number, number[]>();
  for (const { event } of entries) {
    if (event.type === 'customer.deleted')
      begun.set(event.customerId, await listBegun(store, chainIds, event.customerId));
  }
  const { topology } = deps.directory;
  return routeEvents(entries, {
    isOn: (chainId) => chainIds.includes(chainId),
    chainOfCustomer: (customerId) => {
      const websiteId = websiteIds.get(customerId);
      return websiteId === undefined ? undefined : topology.websiteById(websiteId).chainId;
    },
    tiesOf: (customerId) => ties.filter((tie) => tie.customerId === customerId),
    begunIn: (customerId) => begun.get(customerId) ?? [],
    freshSince: addSeconds(now, -deps.loyalty.pullIntervalSeconds),
  });
}

/** Chains whose platform may have been told of a customer without our knowing the answer. */
async function listBegun(store: WritableStore, chainIds: readonly number[], customerId: number): Promise<number[]> {
  const begun: number[] = [];
  for (const chainId of chainIds) {
    const row = await store.queue.find(chainId, customerId);
    if (row !== undefined && (row.leaseToken !== null || row.attempts > 0)) begun.push(chainId);
  }
  return begun;
}

/** What has to be known of the customers that events speak of. */
export interface Routing {
  isOn(chainId: number): boolean;
  /** The chain of the customer's website; null when it has none, undefined when the customer is gone. */
  chainOfCustomer(customerId: number): number | null | undefined;
  tiesOf(customerId: number): readonly LoyaltyTie[];
  /** Chains in which a try to tell of the customer has begun. */
  begunIn(customerId: number): readonly number[];
  /** A tie that was asked or told at or after this moment needs no pull. */
  freshSince: string;
}

/**
 * Says what events mean for which chain: one order for each customer and chain, in a fixed order, so that two nodes that
 * write theirs at once do not wait for each other in a circle.
 */
export function routeEvents(entries: readonly OutboxEntry[], routing: Routing): QueueOrder[] {
  const orders = new Map<string, QueueOrder>();
  for (const entry of entries) {
    const { customerId } = entry.event;
    for (const [chainId, wanted] of wantedBy(entry, routing)) {
      if (!routing.isOn(chainId)) continue;
      const key = `${chainId}:${customerId}`;
      const earlier = orders.get(key);
      orders.set(key, {
        chainId,
        customerId,
        wantsPush: wanted.wantsPush === true || earlier?.wantsPush === true,
        wantsPull: wanted.wantsPull === true || earlier?.wantsPull === true,
        erasure: wanted.erasure ?? earlier?.erasure ?? null,
        requestId: entry.requestId,
      });
    }
  }
  return [...orders.values()].sort((a, b) => a.chainId - b.chainId || a.customerId - b.customerId);
}

type Wanted = readonly [chainId: number, wanted: Partial<QueueOrder>];

function wantedBy({ event, origin }: OutboxEntry, routing: Routing): Wanted[] {
  const { customerId } = event;
  const home = routing.chainOfCustomer(customerId);
  const ties = routing.tiesOf(customerId);
  switch (event.type) {
    case 'customer.created':
    case 'customer.updated': {
      // What a push itself changed, the ids, is nothing that is pushed.
      if (home === undefined || origin === 'push') return [];
      const chainIds = new Set([...(home === null ? [] : [home]), ...ties.map(({ chainId }) => chainId)]);
      return [...chainIds].map((chainId) => [chainId, { wantsPush: true }]);
    }
    case 'customer.signed_in': {
      if (home === undefined || home === null) return [];
      const syncedAt = ties.find(({ chainId }) => chainId === home)?.syncedAt ?? '';
      return syncedAt >= routing.freshSince ? [] : [[home, { wantsPull: true }]];
    }
    case 'customer.deleted': {
      const known = event.links.filter(isKnownThere);
      const unsure = routing.begunIn(customerId).filter((id) => !known.some(({ chainId }) => chainId === id));
      return [
        ...known.map(({ chainId, spaazaUserId }): Wanted => [chainId, { erasure: { spaazaUserId } }]),
        ...unsure.map((chainId): Wanted => [chainId, { erasure: { spaazaUserId: null } }]),
      ];
    }
    case 'customer.password_changed':
      return [];
  }
}
