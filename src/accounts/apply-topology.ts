import type { AccountDeps } from './deps.ts';
import { refuseIfAny } from './errors.ts';
import type { WritableStore } from './store.ts';
import type { TopologyData } from './topology.ts';
import { topologyProblems } from './topology-problems.ts';

/** One difference between the stored topology and the wanted one. */
export interface TopologyChange {
  kind: 'pool' | 'website' | 'store' | 'chain' | 'newsletter group';
  id: number;
  /** `not in file`: stored and not wanted. It stays as it is, because customers may hang on it. */
  change: 'added' | 'changed' | 'not in file';
  /** Property names of the topology types that differ; empty unless `changed`. */
  fields: string[];
}

/** What one list needs: what to tell, and which entries to save. */
interface Difference<Entry> {
  changes: TopologyChange[];
  writes: { before: Entry | undefined; after: Entry }[];
}

/**
 * Makes the stored topology say what `wanted` says and gives the differences; entries match by id and nothing is ever
 * deleted. Saves in one transaction, moves the revision on when there was something to save, and refreshes the
 * directory; a dry run only compares. Throws `validation_failed` with all problems of the resulting topology, whose
 * fields read `stores[1].website`.
 */
export async function applyTopology(
  deps: AccountDeps,
  input: { wanted: TopologyData; isDryRun: boolean },
): Promise<TopologyChange[]> {
  const planned = planFor(await deps.store.topology.read(), input.wanted);
  if (input.isDryRun) return planned.changes;
  const applied = planned.isEmpty
    ? planned
    : await deps.store.transaction(async (store) => {
        // First the counter: its row makes a second run wait here, so that it compares with what the first one wrote.
        await store.settings.next('revision');
        const plan = planFor(await store.topology.read(), input.wanted);
        await savePlan(store, plan);
        return plan;
      });
  await deps.directory.refresh();
  return applied.changes;
}

function planFor(stored: TopologyData, wanted: TopologyData) {
  refuseIfAny(topologyProblems(stored, wanted));
  const pools = compare('pool', stored.pools, wanted.pools);
  const newsletterGroups = compare('newsletter group', stored.newsletterGroups, wanted.newsletterGroups);
  const chains = compare('chain', stored.chains, wanted.chains);
  const websites = compare('website', stored.websites, wanted.websites);
  const shops = compare('store', stored.shops, wanted.shops);
  const changes = [pools, newsletterGroups, chains, websites, shops].flatMap((difference) => difference.changes);
  const isEmpty = changes.every(({ change }) => change === 'not in file');
  return { pools, newsletterGroups, chains, websites, shops, changes, isEmpty };
}

function compare<Entry extends { id: number }>(
  kind: TopologyChange['kind'],
  stored: readonly Entry[],
  wanted: readonly Entry[],
): Difference<Entry> {
  const storedById = new Map(stored.map((entry) => [entry.id, entry]));
  const difference: Difference<Entry> = { changes: [], writes: [] };
  for (const after of wanted) {
    const before = storedById.get(after.id);
    storedById.delete(after.id);
    const fields = before === undefined ? [] : differingFields(before, after);
    if (before !== undefined && fields.length === 0) continue;
    difference.changes.push({ kind, id: after.id, change: before === undefined ? 'added' : 'changed', fields });
    difference.writes.push({ before, after });
  }
  for (const id of storedById.keys()) difference.changes.push({ kind, id, change: 'not in file', fields: [] });
  return difference;
}

function differingFields<Entry extends object>(before: Entry, after: Entry): string[] {
  const names = Object.keys(after) as (keyof Entry & string)[];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** What refers comes after what is referred to: the database checks it. */
async function savePlan(store: WritableStore, plan: ReturnType<typeof planFor>): Promise<void> {
  await saveCoded(plan.pools, (pool) => store.topology.savePool(pool));
  for (const { after } of plan.newsletterGroups.writes) await store.topology.saveNewsletterGroup(after);
  for (const { after } of plan.chains.writes) await store.topology.saveChain(after);
  await saveCoded(plan.websites, (website) => store.topology.saveWebsite(website));
  await saveCoded(plan.shops, (shop) => store.topology.saveShop(shop));
}

/** Codes are unique at every moment: an entry gives its old code free before another takes it, as when two swap. */
async function saveCoded<Entry extends { id: number; code: string }>(
  { writes }: Difference<Entry>,
  save: (entry: Entry) => Promise<void>,
): Promise<void> {
  for (const { before, after } of writes) {
    if (before === undefined || before.code === after.code) continue;
    // No code may begin like this, so it is free; nobody outside the transaction sees it.
    if (writes.some((other) => other.after.code === before.code)) await save({ ...before, code: `~${before.id}` });
  }
  for (const { after } of writes) await save(after);
}
