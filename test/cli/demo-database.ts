import { type ComposedAccounts, composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import { demoTopology, seedDemo } from '../../src/demo.ts';
import { type DatabaseKind, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';

/** A database with the demo's house and people and what `fill` adds, closed again: for commands to be run on. */
export async function demoDatabase(
  kind: DatabaseKind,
  fill: (house: ComposedAccounts) => Promise<void>,
): Promise<{ database: FreshDatabase; env: Record<string, string> }> {
  const database = await freshDatabaseUrl(kind);
  const env = { FOYER_DATABASE_URL: database.url };
  const house = composeAccounts({ config: loadConfig(env, 'tool') });
  const { accounts, deps, store } = house;
  await store.migrate();
  await accounts.applyTopology({ wanted: demoTopology, isDryRun: false });
  await accounts.directory.refresh();
  await seedDemo(store, deps);
  await store.alignIdentities();
  await fill(house);
  await store.close();
  return { database, env };
}
