import { Counter, Gauge, type Registry } from 'prom-client';
import { shareReading } from './share-reading.ts';

/** How the link of one chain fares, as all nodes see it; seconds before now. */
export interface LinkReading {
  waiting: number;
  dead: number;
  oldestSeconds: number;
  /** Undefined before the first success. */
  lastSuccessSeconds: number | undefined;
  isPaused: boolean;
  /** Of this process. */
  breaker: 'closed' | 'half_open' | 'open';
}

export interface LinksWatched {
  /** The chains whose link is on. */
  chainIds(): readonly number[];
  read(chainId: number): Promise<LinkReading>;
}

/** Counts what a worker did for one chain. */
export type CountJob = (chainId: number, job: string, outcome: string) => void;

const breakerNumbers = { closed: 0, half_open: 1, open: 2 } as const;

/**
 * Adds the numbers of the links with the loyalty platform. Gauges are read from the database when they are asked for, a
 * few indexed rows for each chain; without a database they have no value, and the other metrics are there all the same.
 */
export function addLoyaltyMetrics(registry: Registry, watched: LinksWatched): CountJob {
  const registers = [registry];
  const readOnce = shareReading(() => readAll(watched));
  const gauge = (name: string, help: string, pick: (reading: LinkReading) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['chain'],
      registers,
      async collect() {
        const readings = await readOnce();
        this.reset();
        for (const [chain, one] of readings) {
          const value = pick(one);
          if (value !== undefined) this.set({ chain }, value);
        }
      },
    });
  };
  new Gauge({
    name: 'foyer_loyalty_queue_length',
    help: 'Customers whose changes wait for the loyalty platform, or were given up',
    labelNames: ['chain', 'state'],
    registers,
    async collect() {
      const readings = await readOnce();
      this.reset();
      for (const [chain, { waiting, dead }] of readings) {
        this.set({ chain, state: 'waiting' }, waiting);
        this.set({ chain, state: 'dead' }, dead);
      }
    },
  });
  gauge('foyer_loyalty_queue_oldest_seconds', 'Age of the oldest change that waits', (one) => one.oldestSeconds);
  gauge(
    'foyer_loyalty_last_success_seconds',
    'Time since the platform last did as asked',
    (one) => one.lastSuccessSeconds,
  );
  gauge('foyer_loyalty_chain_paused', '1 while the platform shuts the chain out', (one) => Number(one.isPaused));
  gauge(
    'foyer_loyalty_breaker_state',
    'Circuit breaker: 0 closed, 1 half open, 2 open',
    (one) => breakerNumbers[one.breaker],
  );
  const jobs = new Counter({
    name: 'foyer_loyalty_jobs_total',
    help: 'Pushes, pulls and erasures by outcome',
    labelNames: ['chain', 'job', 'outcome'],
    registers,
  });
  return (chain, job, outcome) => jobs.inc({ chain, job, outcome });
}

async function readAll({ chainIds, read }: LinksWatched): Promise<Map<number, LinkReading>> {
  try {
    const readings = new Map<number, LinkReading>();
    for (const chainId of chainIds()) readings.set(chainId, await read(chainId));
    return readings;
  } catch {
    return new Map();
  }
}
