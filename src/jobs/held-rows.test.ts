import { describe, expect, it } from 'vitest';
import type { QueueRow } from '../accounts/loyalty-queue.ts';
import type { Store } from '../accounts/store.ts';
import { HeldRow, HeldRows } from './held-rows.ts';

const at = (second: number): string => new Date(second * 1_000).toISOString();
const rowOf = (customerId: number, chainId = 123): HeldRow =>
  new HeldRow({ chainId, customerId, revision: 1 } as QueueRow, { token: 't', until: at(30) }, 30);
/** A database that still knows of the leases of these customers only. */
const storeOf = (customerIds: readonly number[]) =>
  ({
    transaction: (work: (store: unknown) => unknown) =>
      work({ queue: { renew: async (claim: HeldRow['claim']) => customerIds.includes(claim.customerId) } }),
  }) as unknown as Store;

/** Rows that are worked on for ever. */
function held(...rows: HeldRow[]): HeldRows {
  const all = new HeldRows();
  for (const row of rows) all.add(row, new Promise(() => {}));
  return all;
}

describe('a row that is worked on', () => {
  it('is left when only a third of its lease is left, and not before', () => {
    const row = rowOf(1);
    row.stopIfLapsing(at(19));
    expect(row.signal.aborted).toBe(false);
    row.stopIfLapsing(at(20));
    expect(row.signal.aborted).toBe(true);
  });

  it('is worked on for as long as its lease is renewed', async () => {
    const row = rowOf(1);
    await held(row).renew(storeOf([1]), at(40));
    row.stopIfLapsing(at(29));
    expect(row.signal.aborted).toBe(false);
  });

  it('is left when somebody else has it, and no other row is', async () => {
    const [kept, lost] = [rowOf(1), rowOf(2)];
    await held(kept, lost).renew(storeOf([1]), at(40));
    expect([kept.signal.aborted, lost.signal.aborted]).toEqual([false, true]);
  });

  it('counts for its chain alone', () => {
    const rows = held(rowOf(1), rowOf(1, 456), rowOf(2, 456));
    expect([rows.size, rows.countOf(123), rows.countOf(456)]).toEqual([3, 1, 2]);
  });
});
