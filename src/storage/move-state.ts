import type { Handle } from './handle.ts';
import * as settings from './settings.ts';
import type { Key } from './table-rows.ts';

/** The setting that says that a database is being moved into; it is there until the move is over. */
export const moveSetting = 'unfinished_move';

/** How far a move has come. */
export interface MoveState {
  /** Where the rows come from, without credentials. */
  source: string;
  /** What the source looked like when the move began; see `markOf` in move.ts. */
  mark: string;
  /** By table: the key of the last row that was copied, and how many were. */
  tables: Record<string, { after: Key; rows: number }>;
}

/** The move that was begun into this database and has not ended. */
export async function findMove(handle: Handle): Promise<MoveState | undefined> {
  const value = (await settings.readAll(handle)).get(moveSetting);
  return value === undefined ? undefined : (JSON.parse(value) as MoveState);
}

/** Notes that a move begins; false when another one has. */
export async function beginMove({ db, run }: Handle, state: MoveState): Promise<boolean> {
  const insert = db
    .insertInto('settings')
    .values({ name: moveSetting, value: JSON.stringify(state) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('name');
  return (await run(insert.compile())).length === 1;
}

/** Moves the state on, or removes it with `next` undefined; false when it is not `from` any more. */
export async function advanceMove({ db, run }: Handle, from: MoveState, next: MoveState | undefined): Promise<boolean> {
  const value = JSON.stringify(from);
  const query =
    next === undefined
      ? db.deleteFrom('settings').where('name', '=', moveSetting).where('value', '=', value).returning('name')
      : db
          .updateTable('settings')
          .set({ value: JSON.stringify(next) })
          .where('name', '=', moveSetting)
          .where('value', '=', value)
          .returning('name');
  return (await run(query.compile())).length === 1;
}
