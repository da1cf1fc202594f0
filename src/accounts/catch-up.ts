import type { AccountDeps } from './deps.ts';
import type { Store } from './store.ts';

/** Customers that one transaction makes searchable: others wait for it. */
const batchCustomers = 250;
const batchesPerRun = 40;
/** How often `onProgress` hears. */
const batchesPerReport = 100;
/** Blocks of customers that one run counts anew; the next run goes on. */
const blocksPerRun = 20;

/**
 * Makes all customers searchable and counts them where the release before this one wrote them, which knows of neither words
 * nor counts: after the migration that brought both, these are all. Goes on where an earlier call was broken off; does
 * nothing when nothing is missing. Gives how many customers became searchable; `onProgress` hears the number so far.
 */
export async function catchUp(
  store: Store,
  onProgress: (customers: number) => void = () => undefined,
): Promise<number> {
  if (!(await store.customers.lackWords())) return 0;
  await recountCustomers(store);
  return indexCustomers(store, Number.POSITIVE_INFINITY, onProgress);
}

/** Counts all customers anew, as after they were written past the server. */
export async function recountCustomers(store: Store): Promise<void> {
  for (let block: number | undefined = 0; block !== undefined; ) block = await recount(store, block);
}

/**
 * The same in pieces, for a server at work: while a rolling update lasts, nodes of the release before create and change
 * customers. An erasure by one of them shows in the counts only, so that these are gone through again and again.
 */
export async function catchUpSome({ store }: AccountDeps): Promise<number> {
  let block = Number((await store.settings.readAll()).get(placeSetting) ?? 0);
  for (let count = 0; count < blocksPerRun; count += 1) {
    block = (await recount(store, block)) ?? 0;
    if (block === 0) break;
  }
  return (await store.customers.lackWords()) ? indexCustomers(store, batchesPerRun) : 0;
}

/** Setting that holds which block of customers is counted next. */
const placeSetting = 'customers_recounted_to';

function recount(store: Store, block: number): Promise<number | undefined> {
  return store.transaction(async (tx) => {
    // One node at a time: two would add what is missing twice.
    await tx.settings.write(placeSetting, String(block));
    const next = await tx.customers.recount(block);
    await tx.settings.write(placeSetting, String(next ?? 0));
    return next;
  });
}

async function indexCustomers(
  store: Store,
  mostBatches: number,
  onProgress: (customers: number) => void = () => undefined,
): Promise<number> {
  let total = 0;
  let afterId = 0;
  for (let batch = 1; batch <= mostBatches; batch += 1) {
    const from = afterId;
    const { customers, lastId } = await store.transaction((tx) => tx.customers.index(from, batchCustomers));
    total += customers;
    afterId = lastId;
    if (customers < batchCustomers) break;
    if (batch % batchesPerReport === 0) onProgress(total);
  }
  return total;
}
