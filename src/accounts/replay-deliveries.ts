import type { RequestContext } from './access.ts';
import { type DeliveryQuery, decisionsAbout, portionsOf } from './deliveries.ts';
import type { AccountDeps } from './deps.ts';
import type { QueueRow } from './loyalty-queue.ts';
import { requireOperator } from './require-scope.ts';
import { showDelivery } from './show-delivery.ts';

/** Which rows a replay or discard is about: those of one customer, or those of a query. */
export interface DeliverySelection {
  query: DeliveryQuery & { state: QueueRow['state'] };
  /** Read as by `showDelivery`; narrows the query to one customer. */
  reference?: string;
}

/**
 * Has rows tried again at once: dead ones as if they were new, waiting ones without the rest of their back-off. Each is
 * noted in the history of its customer. Gives how many there were, also of a dry run, which changes nothing. Throws as
 * `showDelivery` does.
 */
export async function replayDeliveries(
  deps: AccountDeps,
  { isDryRun, ...selection }: DeliverySelection & { isDryRun: boolean },
  context: RequestContext,
): Promise<{ replayed: number }> {
  requireOperator(context);
  let replayed = 0;
  for await (const rows of selectedRows(deps, selection, context)) {
    if (isDryRun) replayed += rows.length;
    else replayed += await replay(deps, rows, context);
  }
  return { replayed };
}

/** The rows of a selection, in portions of one chain and state. */
export async function* selectedRows(
  deps: AccountDeps,
  { query, reference }: DeliverySelection,
  context: RequestContext,
): AsyncGenerator<readonly QueueRow[]> {
  if (reference === undefined) {
    for await (const { rows } of portionsOf(deps, query)) yield rows;
    return;
  }
  const { chainId, state, errorCode } = query;
  const { rows } = await showDelivery(deps, { reference, chainId }, context);
  for (const row of rows) {
    if (row.state === state && (errorCode === undefined || row.errorCode === errorCode)) yield [row];
  }
}

function replay(deps: AccountDeps, rows: readonly QueueRow[], context: RequestContext): Promise<number> {
  const [{ chainId, state }] = rows as [QueueRow];
  return deps.store.transaction(async ({ queue, history }) => {
    const now = deps.now();
    const customerIds = rows.map(({ customerId }) => customerId);
    const changed = new Set(await queue.replay({ chainId, state }, customerIds, now));
    const those = rows.filter(({ customerId }) => changed.has(customerId));
    await history.append(decisionsAbout(those, 'replayed', context, now));
    return those.length;
  });
}
