import type { ExpressionBuilder } from 'kysely';
import type { FailedAttempts } from '../accounts/store.ts';
import type { Handle } from './handle.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

const selectByKey = prepared((db, key: string) => db.selectFrom('failed_attempts').selectAll().where('key', '=', key));

/** The counter as of now, without holding it; undefined when there are no failures. */
export async function find(handle: Handle, key: string): Promise<FailedAttempts | undefined> {
  const [row] = await selectByKey(handle, key);
  return row && toAttempts(row);
}

/**
 * Finds a counter and keeps others from it until the transaction ends: counting is read, then write. A key that never
 * failed gets a row of zero failures to hold on to, which stands for none.
 */
export async function findAndLock(handle: Handle, key: string): Promise<FailedAttempts | undefined> {
  const zero = { key, failures: 0, first_failed_at: '', locked_until: null };
  const placeholder = handle.db
    .insertInto('failed_attempts')
    .values(zero)
    .onConflict((conflict) => conflict.column('key').doNothing());
  await handle.run(placeholder.compile());
  const locking = handle.db.selectFrom('failed_attempts').selectAll().where('key', '=', key);
  const [row] = await handle.run(handle.lockRows(locking).compile());
  return row && toAttempts(row);
}

function toAttempts(row: Tables['failed_attempts']): FailedAttempts | undefined {
  if (row.failures === 0) return undefined;
  return { key: row.key, failures: row.failures, firstFailedAt: row.first_failed_at, lockedUntil: row.locked_until };
}

/** Writes a counter, over the earlier one of its key. */
export async function save(handle: Handle, attempts: FailedAttempts): Promise<void> {
  const columns = {
    failures: attempts.failures,
    first_failed_at: attempts.firstFailedAt,
    locked_until: attempts.lockedUntil,
  };
  await handle.run(
    handle.db
      .insertInto('failed_attempts')
      .values({ key: attempts.key, ...columns })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(columns))
      .compile(),
  );
}

/** Clears counters, after a success. */
export async function deleteKeys(handle: Handle, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await handle.run(handle.db.deleteFrom('failed_attempts').where('key', 'in', keys).compile());
}

/**
 * Clears up to `limit` counters whose first failure and whose lock lie before an ISO time, and those without a failure;
 * gives how many.
 */
export async function deleteOlderThan(handle: Handle, before: string, limit: number): Promise<number> {
  const { db, run } = handle;
  const isOld = ({ and, or, eb }: ExpressionBuilder<Tables, 'failed_attempts'>) =>
    and([eb('first_failed_at', '<', before), or([eb('locked_until', 'is', null), eb('locked_until', '<', before)])]);
  const old = db.selectFrom('failed_attempts').select('key').where(isOld).limit(limit);
  // Asked again of each: one may have been locked while its row was waited for.
  const query = db.deleteFrom('failed_attempts').where('key', 'in', old).where(isOld).returning('key');
  return (await run(query.compile())).length;
}
