import { type LatencySummary, summarise } from '../../bench/latency.ts';
import { Client, type Wanted } from './client.ts';

/** What a process of its own asks a node for, again and again, to see how long others wait. */
export interface ProbeOrder {
  url: string;
  wanted: Record<string, Wanted>;
  seconds: number;
}

/** By what was asked for. */
export type Probed = Record<string, LatencySummary & { count: number; failures: string[] }>;

const perSecond = 100;
const connections = 4;

/**
 * Asks for each thing a hundred times a second, at set times: an answer that comes late makes the next ones late as well,
 * and they count from when they should have been sent.
 */
export async function probe({ url, wanted, seconds }: ProbeOrder): Promise<Probed> {
  const askFor = async (each: Wanted) => {
    const latencies: number[] = [];
    const failures: string[] = [];
    const begin = performance.now();
    const everyMs = (1_000 / perSecond) * connections;
    const askInTurns = async (place: number): Promise<void> => {
      const client = new Client(url);
      await client.send(each);
      for (let due = begin + (place * everyMs) / connections; due < begin + seconds * 1_000; due += everyMs) {
        const early = due - performance.now();
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
        // A timer that was late is this process's own fault.
        const from = early > 0 ? performance.now() : due;
        const answer = await client.send(each);
        latencies.push(performance.now() - from);
        if (answer instanceof Error) failures.push(answer.message);
        else if (answer.status !== 200) failures.push(String(answer.status));
      }
      client.close();
    };
    await Promise.all(Array.from({ length: connections }, (_, place) => askInTurns(place)));
    return { ...summarise(latencies), count: latencies.length, failures: [...new Set(failures)] };
  };
  const results = await Promise.all(Object.values(wanted).map(askFor));
  return Object.fromEntries(Object.keys(wanted).map((name, index) => [name, results[index]!]));
}
