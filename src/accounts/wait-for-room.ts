import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountDeps } from './deps.ts';

export interface RoomOptions {
  /** The queue of the chain never gets longer than this; at least a page of a walk. */
  mostWaiting: number;
  /** When the queue has not got shorter for so long, nobody seems to work on it. */
  stuckSeconds: number;
  /** Told while there is no room, about once a second. */
  onWait?(waiting: number): void;
}

/** Nobody works on the queue, or the platform takes nothing. */
export class QueueStandsStill extends Error {
  readonly waiting: number;

  constructor(waiting: number) {
    super('The queue for the loyalty platform does not get shorter');
    this.name = 'QueueStandsStill';
    this.waiting = waiting;
  }
}

const lookEveryMs = 1_000;

/**
 * Waits until the queue of a chain, with the changes that are on their way into it, has room for some more rows. Throws
 * QueueStandsStill.
 */
export async function waitForRoom(
  { store }: AccountDeps,
  chainId: number,
  rows: number,
  { mostWaiting, stuckSeconds, onWait }: RoomOptions,
  signal: AbortSignal,
): Promise<void> {
  let fewest = Number.POSITIVE_INFINITY;
  let fewestAt = performance.now();
  for (;;) {
    const waiting =
      (await store.queue.count(chainId, 'waiting', mostWaiting)) + (await store.outbox.count(mostWaiting));
    if (waiting + rows <= mostWaiting) return;
    const now = performance.now();
    if (waiting < fewest) {
      fewest = waiting;
      fewestAt = now;
    } else if (now - fewestAt >= stuckSeconds * 1000) throw new QueueStandsStill(waiting);
    onWait?.(waiting);
    await sleep(lookEveryMs, undefined, { signal });
  }
}
