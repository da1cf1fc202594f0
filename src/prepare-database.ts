import { applyTopology } from './accounts/apply-topology.ts';
import { catchUp } from './accounts/catch-up.ts';
import { defaultTopology } from './accounts/default-topology.ts';
import type { AccountDeps } from './accounts/deps.ts';
import type { TopologyData } from './accounts/topology.ts';
import type { OpenStore } from './storage/index.ts';

/** The database lacks migrations, and it is not ours alone to change: an operator decides when they run. */
export class SchemaBehindError extends Error {
  readonly pending: readonly string[];

  constructor(pending: readonly string[]) {
    super(`The database lacks ${pending.length} migration(s): run \`foyer migrate\` first`);
    this.name = 'SchemaBehindError';
    this.pending = pending;
  }
}

/** The database holds a part of what is being moved into it. */
export class MoveUnfinishedError extends Error {
  constructor() {
    super('A move into this database has not ended: run the same `foyer db move` again');
    this.name = 'MoveUnfinishedError';
  }
}

/**
 * Brings an embedded database up to date, its schema and what migrations left to fill: `onCatchUp` hears how many
 * customers are done when that takes a while. Any other must be up to date already, or `SchemaBehindError`. Gives the
 * migrations by which the database is ahead of this release. Throws SchemaTooNewError when it is too far ahead, and
 * MoveUnfinishedError.
 */
export async function prepareSchema(
  store: OpenStore,
  onCatchUp?: (customers: number) => void,
): Promise<{ ahead: readonly string[] }> {
  if (store.isEmbedded) await store.migrate();
  else {
    const pending = await store.pendingMigrations();
    if (pending.length > 0) throw new SchemaBehindError(pending);
  }
  if (await store.isBeingMovedInto()) throw new MoveUnfinishedError();
  if (store.isEmbedded) await catchUp(store, onCatchUp);
  return { ahead: await store.unknownMigrations() };
}

/**
 * Loads the directory, after giving a database without any store its first topology. Tells whether that was needed.
 * The schema must be up to date.
 */
export async function prepareTopology(
  deps: AccountDeps,
  wanted: TopologyData = defaultTopology,
): Promise<{ wasEmpty: boolean }> {
  const { shops } = await deps.store.topology.read();
  if (shops.length === 0) await applyTopology(deps, { wanted, isDryRun: false });
  await deps.directory.refresh();
  return { wasEmpty: shops.length === 0 };
}
