import type { AccountDeps } from './deps.ts';
import type { Store } from './store.ts';

/** Customers that one transaction makes searchable: others wait for it. */
const batchCustomers = 250;
/** How often `onProgress` hears: after so many transactions. */
const stepsPerReport = 100;
/** What one run of `catchUpSome` does; the next run goes on. */
const perRun = { blocks: 20, steps: 160, customers: 10_000 };

/**
 * Where the migration that brought words and counts has left customers without them, makes all of these searchable and counts
 * them. Goes on where an earlier call was broken off; does nothing when nothing is due. Gives how many customers became
 * searchable; `onProgress` hears the number so far.
 */
export async function catchUp(
  store: Store,
  onProgress: (customers: number) => void = () => undefined,
): Promise<number> {
  let place = (await store.settings.readAll()).get(dueSetting);
  if (place === undefined) return 0;
  await recountCustomers(store);
  let total = 0;
  for (let step = 1; place !== undefined; step += 1) {
    const { customers, goOnAfter } = await index(store, Number(place), dueSetting);
    total += customers;
    place = goOnAfter?.toString();
    if (step % stepsPerReport === 0) onProgress(total);
  }
  return total;
}

/** Counts all customers anew, as after they were written past the server. */
export async function recountCustomers(store: Store): Promise<void> {
  for (let block: number | undefined = 0; block !== undefined; ) block = await recount(store, block);
}

/**
 * The same in pieces, for a server at work: while a rolling update lasts, nodes of the release before words and counts create,
 * change and erase customers. Nothing tells which, so that all are gone through again and again: some 1.3 million a run.
 */
export async function catchUpSome({ store }: AccountDeps): Promise<number> {
  const settings = await store.settings.readAll();
  let block = Number(settings.get(blockSetting) ?? 0);
  for (let count = 0; count < perRun.blocks; count += 1) {
    block = (await recount(store, block)) ?? 0;
    if (block === 0) break;
  }
  let total = 0;
  let place: number | undefined = Number(settings.get(placeSetting) ?? 0);
  for (let step = 0; place !== undefined && step < perRun.steps && total < perRun.customers; step += 1) {
    const { customers, goOnAfter } = await index(store, place);
    total += customers;
    place = goOnAfter;
  }
  // Once: whoever is cut off before looks through the same customers again, and finds them right.
  await store.transaction((tx) => tx.settings.write(placeSetting, place?.toString() ?? null));
  return total;
}

/** Settings that hold how far somebody has come: while it is there, `catchUp` is due; and those of `catchUpSome`. */
const dueSetting = 'customers_indexed_to';
const blockSetting = 'customers_recounted_to';
const placeSetting = 'customers_looked_through_to';

function recount(store: Store, block: number): Promise<number | undefined> {
  return store.transaction(async (tx) => {
    // One node at a time: two would add what is missing twice.
    await tx.settings.write(blockSetting, String(block));
    const next = await tx.customers.recount(block);
    await tx.settings.write(blockSetting, String(next ?? 0));
    return next;
  });
}

/** A step through the customers; how far it came is kept with what it made, where a setting for it is given. */
function index(
  store: Store,
  afterId: number,
  setting?: string,
): Promise<{ customers: number; goOnAfter: number | undefined }> {
  return store.transaction(async (tx) => {
    const found = await tx.customers.index(afterId, batchCustomers);
    if (setting !== undefined) await tx.settings.write(setting, found.goOnAfter?.toString() ?? null);
    return found;
  });
}
