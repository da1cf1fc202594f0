import { applyTopology } from './accounts/apply-topology.ts';
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

/** Brings the schema of an embedded database up to date; any other must be so already, or `SchemaBehindError`. */
export async function prepareSchema(store: OpenStore): Promise<void> {
  if (store.isEmbedded) {
    await store.migrate();
    return;
  }
  const pending = await store.pendingMigrations();
  if (pending.length > 0) throw new SchemaBehindError(pending);
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
