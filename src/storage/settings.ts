import { sql } from 'kysely';
import type { Handle } from './handle.ts';
import { prepared } from './prepared.ts';

const selectAll = prepared((db) => db.selectFrom('settings').selectAll());

/** All settings by name: a handful, read every second by every node, and by the readiness check. */
export async function readAll(handle: Handle): Promise<ReadonlyMap<string, string>> {
  const rows = await selectAll(handle);
  return new Map(rows.map((row) => [row.name, row.value]));
}

/** Writes a setting; null removes it. */
export async function write({ db, run }: Handle, name: string, value: string | null): Promise<void> {
  await run(
    value === null
      ? db.deleteFrom('settings').where('name', '=', name).compile()
      : db
          .insertInto('settings')
          .values({ name, value })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
          .compile(),
  );
}

/** Adds to a counter and gives its new value; the row lock of the update keeps two callers from the same number. */
export async function next({ db, run }: Handle, name: string, count = 1): Promise<number> {
  const rows = await run(
    db
      .updateTable('settings')
      .set({ value: sql<string>`cast(cast(value as bigint) + ${sql.lit(count)} as text)` })
      .where('name', '=', name)
      .returning('value')
      .compile(),
  );
  if (rows[0] === undefined) throw new Error(`There is no counter ${name}`);
  return Number(rows[0].value);
}
