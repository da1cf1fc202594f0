import { setTimeout as sleep } from 'node:timers/promises';

/** Pause between two tries. */
const pauseMs = 5;

/**
 * Begins a transaction that writes, again and again while another connection has SQLite's one lock for that. The
 * driver's own waiting (`busy_timeout`, which must be 0) would stop the event loop: nobody could read meanwhile, and a
 * holder in this process could not end. Throws SQLITE_BUSY when the lock is not free after `waitMs`.
 */
export async function beginWhenFree(begin: () => unknown, waitMs: number): Promise<void> {
  for (const end = performance.now() + waitMs; ; ) {
    try {
      await begin();
      return;
    } catch (error) {
      // Among others SQLITE_BUSY_RECOVERY: another process reads the log of one that was killed.
      const isBusy = String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY');
      if (!isBusy || performance.now() > end) throw error;
      await sleep(pauseMs);
    }
  }
}
