import type { HistoryPage } from './store.ts';

/** Most entries of a list that are given at once. */
export const longestPage = 250;

/** One page of a list, newest first. */
export interface Page<Entry> {
  entries: readonly Entry[];
  /** Give it as `beforeId` for the entries that follow; null when these are the last. */
  nextBeforeId: number | null;
}

/** Reads the page of at most `limit` entries (1 to 250) before `beforeId`. */
export async function readPage<Entry extends { id: number }>(
  { limit, beforeId }: HistoryPage,
  list: (page: HistoryPage) => Promise<readonly Entry[]>,
): Promise<Page<Entry>> {
  const most = Math.min(Math.max(limit, 1), longestPage);
  // One more than asked for tells whether there are more.
  const found = await list({ limit: most + 1, beforeId });
  const entries = found.slice(0, most);
  return { entries, nextBeforeId: found.length > most ? entries.at(-1)!.id : null };
}
