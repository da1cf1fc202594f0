import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, Client } from './client.ts';
import type { Writer } from './writers.ts';

/** One request and what came of it; times are those of `performance.now()`. */
export interface Attempt {
  kind: string;
  sentAt: number;
  endedAt: number;
  outcome: Answer | Error;
}

/**
 * Lets each writer write on a connection of its own, one request after another, until `isOver` says so. Between them
 * they wait `thinkMs`, and 50 ms where they were refused or found nobody. Resolves when the last answer is in.
 */
export async function keepWriting(
  url: string,
  crew: readonly Writer[],
  { isOver, onAttempt, thinkMs = 0 }: { isOver(): boolean; onAttempt(attempt: Attempt): void; thinkMs?: number },
): Promise<void> {
  const work = async (writer: Writer): Promise<void> => {
    const client = new Client(url);
    while (!isOver()) {
      const sentAt = performance.now();
      const outcome = await client.send(writer.next());
      const isAcknowledged = !(outcome instanceof Error) && outcome.status === 200;
      writer.settle(isAcknowledged ? outcome : undefined);
      onAttempt({ kind: writer.kind, sentAt, endedAt: performance.now(), outcome });
      const restMs = isAcknowledged ? thinkMs : Math.max(thinkMs, 50);
      if (restMs > 0 && !isOver()) await pause(restMs);
    }
    client.close();
  };
  await Promise.all(crew.map(work));
}

/** Load in the background, as `keepWriting` makes it. */
export interface Load {
  /** Everything that was answered so far. */
  readonly attempts: Attempt[];
  /** Resolves when the last answers are in. */
  stop(): Promise<void>;
}

/** Starts load that remembers every attempt; whoever starts it stops it, also when the scenario fails. */
export function startLoad(url: string, crew: readonly Writer[], { thinkMs = 0 } = {}): Load {
  const attempts: Attempt[] = [];
  let isOver = false;
  const onAttempt = (attempt: Attempt) => void attempts.push(attempt);
  const end = keepWriting(url, crew, { isOver: () => isOver, onAttempt, thinkMs });
  return {
    attempts,
    stop: () => {
      isOver = true;
      return end;
    },
  };
}

/** How an attempt ended, in a word or two: its status or what broke. */
export function describeOutcome({ outcome }: Attempt): string {
  return outcome instanceof Error ? outcome.message : String(outcome.status);
}
