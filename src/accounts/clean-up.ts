import { catchUpSome } from './catch-up.ts';
import type { AccountDeps } from './deps.ts';
import { addSeconds } from './session.ts';
import type { Store, WritableStore } from './store.ts';

/** Rows that one transaction removes at most: others wait for it. */
const batchRows = 250;
/** Batches of one kind that one run removes at most; the next run, ten minutes later, goes on: 36 million rows a day. */
const batchesPerRun = 1_000;

export interface CleanedUp {
  sessions: number;
  attempts: number;
  deadLetters: number;
  notices: number;
  tombstones: number;
  /** Entries of the history that were looked at, and that nobody has to look at again. */
  historyEntries: number;
  /** Customers whom a node of the release before wrote, and who can be found by a search now. */
  indexedCustomers: number;
}

/**
 * Removes what has run out: expired sessions, failure counters whose last lock is more than a day past, and after the
 * days that are set for each: dead letters, notices that were dealt with, tombstones, and sign-ins in the history.
 * Mends what a node of the release before did not know of.
 */
export async function cleanUp(deps: AccountDeps): Promise<CleanedUp> {
  const { store, rules } = deps;
  const now = deps.now();
  const daysAgo = (days: number): string => addSeconds(now, -86_400 * days);
  const { deadLetterDays, inboxDays, tombstoneDays, signInHistoryDays } = rules.kept;
  const dayAgo = addSeconds(now, -86_400 - rules.lock.lockSeconds);
  const inBatches = (removeSome: (tx: WritableStore) => Promise<number>): Promise<number> =>
    removeInBatches(store, removeSome);
  const oldDead = daysAgo(deadLetterDays);
  const dealtWith = daysAgo(inboxDays);
  return {
    sessions: await inBatches((tx) => tx.sessions.deleteExpired(now, batchRows)),
    attempts: await inBatches((tx) => tx.attempts.deleteOlderThan(dayAgo, batchRows)),
    deadLetters: await inBatches((tx) => tx.queue.deleteDead(oldDead, batchRows)),
    notices:
      (await inBatches((tx) => tx.inbox.deleteOlder('done', dealtWith, batchRows))) +
      (await inBatches((tx) => tx.inbox.deleteOlder('ignored', dealtWith, batchRows))) +
      (await inBatches((tx) => tx.inbox.deleteOlder('dead', oldDead, batchRows))),
    tombstones: await inBatches((tx) => tx.tombstones.deleteOlder(daysAgo(tombstoneDays), batchRows)),
    historyEntries: await pruneSignIns(store, daysAgo(signInHistoryDays)),
    indexedCustomers: await catchUpSome(deps),
  };
}

async function removeInBatches(store: Store, removeSome: (tx: WritableStore) => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < batchesPerRun; batch += 1) {
    const count = await store.transaction(removeSome);
    total += count;
    if (count < batchRows) break;
  }
  return total;
}

/** Setting that holds how far the history has been gone through. */
const placeSetting = 'history_pruned_to';

/**
 * Goes through the history from where the last run ended up to what is young, and takes the sign-ins out. The history grows at
 * its end only, so that each entry is looked at once; an index on sign-ins would cost every one of them a write.
 */
async function pruneSignIns(store: Store, before: string): Promise<number> {
  let place = Number((await store.settings.readAll()).get(placeSetting) ?? 0);
  let total = 0;
  for (let batch = 0; batch < batchesPerRun; batch += 1) {
    const ages = await store.history.listAges(place, batchRows);
    const firstYoung = ages.findIndex(({ changedAt }) => changedAt >= before);
    const old = firstYoung === -1 ? ages : ages.slice(0, firstYoung);
    const last = old.at(-1);
    if (last === undefined) break;
    const from = place;
    await store.transaction(async (tx) => {
      await tx.history.deleteSignIns(from, last.id);
      await tx.settings.write(placeSetting, String(last.id));
    });
    place = last.id;
    total += old.length;
    if (old.length < batchRows) break;
  }
  return total;
}
