import { describeActor, type RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import type { HistoryEntry } from './events.ts';
import type { DeliveryFilter, QueueRow, QueueState } from './loyalty-queue.ts';
import { addSeconds } from './session.ts';

/** Which rows of the queue an operator means; what is left out does not narrow. */
export interface DeliveryQuery {
  chainId?: number;
  state?: QueueState;
  /** The platform's code, or one of our own words, as a failure was noted. */
  errorCode?: string;
  /** Only rows whose oldest change waits for at least this long. */
  minAgeSeconds?: number;
}

/** Rows that one transaction changes. */
const rowsAtOnce = 250;

/**
 * One filter for each chain and state that a query speaks of: chains by id, what was given up before what waits. Throws
 * `chain_not_configured` for a chain that the topology does not have.
 */
export function filtersOf(
  deps: AccountDeps,
  { chainId, state, errorCode, minAgeSeconds }: DeliveryQuery,
): DeliveryFilter[] {
  const chains = deps.directory.topology.data.chains.filter(({ id }) => chainId === undefined || id === chainId);
  if (chainId !== undefined && chains.length === 0) throw new AccountError('chain_not_configured');
  const states = state === undefined ? (['dead', 'waiting'] as const) : [state];
  const queuedUntil = minAgeSeconds === undefined ? undefined : addSeconds(deps.now(), -minAgeSeconds);
  return chains
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .flatMap((id) => states.map((one) => ({ chainId: id, state: one, errorCode, queuedUntil })));
}

/**
 * All rows of a query as they are when their turn comes, in portions of one chain and state. What is queued after the
 * beginning is left out, or whoever replays rows would meet those again that are given up anew at once.
 */
export async function* portionsOf(
  deps: AccountDeps,
  query: DeliveryQuery,
): AsyncGenerator<{ filter: DeliveryFilter; rows: readonly QueueRow[] }> {
  const beginning = deps.now();
  for (const asked of filtersOf(deps, query)) {
    const filter = { ...asked, queuedUntil: asked.queuedUntil ?? beginning };
    let after: QueueRow | undefined;
    do {
      const rows: QueueRow[] = await deps.store.queue.list(filter, { limit: rowsAtOnce, after });
      if (rows.length > 0) yield { filter, rows };
      after = rows.length < rowsAtOnce ? undefined : rows.at(-1);
    } while (after !== undefined);
  }
}

/** What is asked for about the customer, in words for people and the history. */
export function wantsOf({
  wantsPush,
  wantsPull,
  erasure,
}: Pick<QueueRow, 'wantsPush' | 'wantsPull' | 'erasure'>): ('erasure' | 'pull' | 'push')[] {
  if (erasure !== null) return ['erasure'];
  return [...(wantsPull ? (['pull'] as const) : []), ...(wantsPush ? (['push'] as const) : [])];
}

/**
 * What the history keeps of an operator's decision about rows. It is kept of erased accounts too, where it says nothing
 * about the person, and where it matters most: an erasure that was discarded will not happen.
 */
export function decisionsAbout(
  rows: readonly QueueRow[],
  decision: 'replayed' | 'discarded',
  context: RequestContext,
  now: string,
): Omit<HistoryEntry, 'id'>[] {
  return rows.map((row) => ({
    customerId: row.customerId,
    field: `delivery.${row.chainId}`,
    before: { state: row.state, wants: wantsOf(row), code: row.errorCode },
    after: decision,
    origin: context.origin,
    actor: describeActor(context.actor),
    requestId: context.requestId,
    changedAt: now,
  }));
}
