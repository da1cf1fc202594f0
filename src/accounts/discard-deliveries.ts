import type { RequestContext } from './access.ts';
import { decisionsAbout } from './deliveries.ts';
import type { AccountDeps } from './deps.ts';
import type { QueueRow } from './loyalty-queue.ts';
import { type DeliverySelection, selectedRows } from './replay-deliveries.ts';
import { requireOperator } from './require-scope.ts';

export interface Discarded {
  discarded: number;
  /** Erasures that were asked for and stay, because they were not named. */
  keptErasures: number;
}

/**
 * Removes rows, so that the platform is not told. Erasures stay unless `withErasures`: somebody has a right to them. Each is
 * noted in the history of its customer. Gives how many there were, also of a dry run, which changes nothing. Throws as
 * `showDelivery` does.
 */
export async function discardDeliveries(
  deps: AccountDeps,
  { isDryRun, withErasures, ...selection }: DeliverySelection & { isDryRun: boolean; withErasures: boolean },
  context: RequestContext,
): Promise<Discarded> {
  requireOperator(context);
  const result: Discarded = { discarded: 0, keptErasures: 0 };
  for await (const rows of selectedRows(deps, selection, context)) {
    const those = rows.filter(({ erasure }) => withErasures || erasure === null);
    result.keptErasures += rows.length - those.length;
    if (those.length > 0)
      result.discarded += isDryRun ? those.length : await discard(deps, those, withErasures, context);
  }
  return result;
}

function discard(
  deps: AccountDeps,
  rows: readonly QueueRow[],
  withErasures: boolean,
  context: RequestContext,
): Promise<number> {
  const [{ chainId, state }] = rows as [QueueRow];
  return deps.store.transaction(async ({ queue, history }) => {
    const customerIds = rows.map(({ customerId }) => customerId);
    const removed = new Set(await queue.discard({ chainId, state }, customerIds, withErasures));
    const those = rows.filter(({ customerId }) => removed.has(customerId));
    await history.append(decisionsAbout(those, 'discarded', context, deps.now()));
    return those.length;
  });
}
