import type { ChainState } from '../accounts/loyalty-queue.ts';
import type { Handle } from './handle.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

const selectByChain = prepared((db, chainId: number) =>
  db.selectFrom('loyalty_chain_state').selectAll().where('chain_id', '=', chainId),
);

/** How a chain fares; of one that nothing is known of yet: well. */
export async function find(handle: Handle, chainId: number): Promise<ChainState> {
  const [row] = await selectByChain(handle, chainId);
  return {
    chainId,
    pausedUntil: row?.paused_until ?? null,
    pauseReason: row?.pause_reason ?? null,
    pauseCount: row?.pause_count ?? 0,
    lastSuccessAt: row?.last_success_at ?? null,
    reconcileCursor: row?.reconcile_cursor ?? null,
    backfillCursor: row?.backfill_cursor ?? null,
  };
}

/** Changes what is named, and leaves the rest. */
export async function save(
  handle: Handle,
  chainId: number,
  changes: Partial<Omit<ChainState, 'chainId'>>,
): Promise<void> {
  const columns = toColumns(changes);
  if (Object.keys(columns).length === 0) return;
  const query = handle.db
    .insertInto('loyalty_chain_state')
    .values({ chain_id: chainId, ...columns })
    .onConflict((conflict) => conflict.column('chain_id').doUpdateSet(columns));
  await handle.run(query.compile());
}

/** Pauses a chain unless it is paused at `now` already: of several workers that find it closed, one counts. */
export async function pause(
  handle: Handle,
  chainId: number,
  pause: Pick<ChainState, 'pauseReason' | 'pauseCount'> & { pausedUntil: string },
  now: string,
): Promise<boolean> {
  const columns = toColumns(pause);
  const query = handle.db
    .insertInto('loyalty_chain_state')
    .values({ chain_id: chainId, ...columns })
    .onConflict((conflict) =>
      conflict
        .column('chain_id')
        .doUpdateSet(columns)
        .where((eb) =>
          eb.or([
            eb('loyalty_chain_state.paused_until', 'is', null),
            eb('loyalty_chain_state.paused_until', '<=', now),
          ]),
        ),
    )
    .returning('chain_id');
  return (await handle.run(query.compile())).length > 0;
}

function toColumns(changes: Partial<Omit<ChainState, 'chainId'>>) {
  const columns: Partial<Omit<Tables['loyalty_chain_state'], 'pause_count'> & { pause_count: number }> = {};
  if (changes.pausedUntil !== undefined) columns.paused_until = changes.pausedUntil;
  if (changes.pauseReason !== undefined) columns.pause_reason = changes.pauseReason;
  if (changes.pauseCount !== undefined) columns.pause_count = changes.pauseCount;
  if (changes.lastSuccessAt !== undefined) columns.last_success_at = changes.lastSuccessAt;
  if (changes.reconcileCursor !== undefined) columns.reconcile_cursor = changes.reconcileCursor;
  if (changes.backfillCursor !== undefined) columns.backfill_cursor = changes.backfillCursor;
  return columns;
}
