import type { RequestContext } from './access.ts';
import { type DeliveryQuery, filtersOf } from './deliveries.ts';
import type { AccountDeps } from './deps.ts';
import type { ChainState, DeliveryGroup, QueueRow } from './loyalty-queue.ts';
import { requireOperator } from './require-scope.ts';

/** The last row of a page: the next page begins behind it. */
export type DeliveryCursor = Pick<QueueRow, 'chainId' | 'state' | 'queuedAt' | 'customerId'>;

export interface DeliveryPage {
  rows: readonly QueueRow[];
  /** Give it as `after` for the rows that follow; null when these are the last. */
  next: DeliveryCursor | null;
}

/**
 * One page of what waits for the loyalty platform or was given up: by chain, what was given up first, and in each the rows
 * that wait longest. Throws `forbidden` to all but operators, and `chain_not_configured`.
 */
export async function listDeliveries(
  deps: AccountDeps,
  { query, limit, after }: { query: DeliveryQuery; limit: number; after?: DeliveryCursor },
  context: RequestContext,
): Promise<DeliveryPage> {
  requireOperator(context);
  const filters = filtersOf(deps, query);
  const begin =
    after === undefined ? 0 : filters.findIndex((one) => one.chainId === after.chainId && one.state === after.state);
  if (begin < 0) return { rows: [], next: null };
  const rows: QueueRow[] = [];
  for (const [index, filter] of filters.slice(begin).entries()) {
    // One more than asked for tells whether there are more.
    const wanted = limit + 1 - rows.length;
    if (wanted <= 0) break;
    rows.push(...(await deps.store.queue.list(filter, { limit: wanted, after: index === 0 ? after : undefined })));
  }
  const shown = rows.slice(0, limit);
  return { rows: shown, next: rows.length > limit ? shown.at(-1)! : null };
}

/** What one chain has waiting, and whether anything is sent. */
export interface ChainSummary {
  chainId: number;
  isOn: boolean;
  state: ChainState;
  groups: readonly DeliveryGroup[];
}

export interface DeliverySummary {
  chains: readonly ChainSummary[];
  /** Changes that no server has looked at yet; it stops counting at 10,000. */
  undispatched: number;
}

/**
 * Counts what waits or was given up in each chain, by reason. It reads the whole queue. Throws `forbidden` to all but
 * operators, and `chain_not_configured`.
 */
export async function summarizeDeliveries(
  { store, directory, loyalty }: AccountDeps,
  { chainId }: { chainId?: number },
  context: RequestContext,
): Promise<DeliverySummary> {
  requireOperator(context);
  const { chains } = directory.topology.data;
  const ids = chains.map(({ id }) => id).filter((id) => chainId === undefined || id === chainId);
  const summaries: ChainSummary[] = [];
  for (const id of ids) {
    const [state, groups] = [await store.chainStates.find(id), await store.queue.group(id)];
    summaries.push({ chainId: id, isOn: loyalty.isOn(id), state, groups });
  }
  return { chains: summaries, undispatched: await store.outbox.count(10_000) };
}
