import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { AccountDeps } from './accounts/deps.ts';
import type { Config } from './config.ts';
import type { LinkHealth } from './http/health.ts';
import { addLoyaltyMetrics, type LinkReading } from './http/loyalty-metrics.ts';
import { LoyaltyWorker } from './jobs/worker.ts';
import { createLoyaltyPlatforms } from './protocols/spaaza/platforms.ts';

/** The links with the loyalty platform, as far as this process runs them. */
export interface Links {
  start(): void;
  /** To be called after a commit that wrote an event. */
  wake(): void;
  /** How each chain of the topology fares. */
  readHealth(): Promise<LinkHealth[]>;
  stop(drainMs: number): Promise<void>;
}

/** The length of a queue is counted up to this. */
const countedAtMost = 100_000;
/** With changes older than this something is wrong, also where every single call passes. */
const lateSeconds = 900;

/** Puts platforms, worker and what is watched of them together. Nothing is opened before there is something to do. */
export function composeLinks(deps: AccountDeps, config: Config, registry: Registry, logger: Logger): Links {
  const { store, directory } = deps;
  const chains = () => directory.topology.data.chains;
  const platforms = createLoyaltyPlatforms(config, chains, logger);
  const isOn = (chainId: number): boolean => platforms.platformOf(chainId) !== undefined;
  const read = async (chainId: number): Promise<LinkReading> => {
    const state = await store.chainStates.find(chainId);
    const now = deps.now();
    const secondsSince = (moment: string): number => Math.max(0, (Date.parse(now) - Date.parse(moment)) / 1000);
    const oldest = await store.queue.findOldest(chainId);
    return {
      waiting: await store.queue.count(chainId, 'waiting', countedAtMost),
      dead: await store.queue.count(chainId, 'dead', countedAtMost),
      oldestSeconds: oldest === undefined ? 0 : secondsSince(oldest),
      lastSuccessSeconds: state.lastSuccessAt === null ? undefined : secondsSince(state.lastSuccessAt),
      // Also between the end of a pause and the first success after it.
      isPaused: state.pauseCount > 0,
      breaker: worker.breakerOf(chainId),
    };
  };
  const count = addLoyaltyMetrics(registry, {
    chainIds: () =>
      chains()
        .map(({ id }) => id)
        .filter(isOn),
    read,
  });
  const worker = new LoyaltyWorker({ deps, platforms, log: logger, count });
  return {
    start: () => {
      if (config.runsJobs) worker.start();
    },
    wake: () => {
      if (config.runsJobs && chains().some(({ id }) => isOn(id))) worker.wake();
    },
    readHealth: async () => {
      const states: LinkHealth[] = [];
      for (const { id: chain } of chains()) {
        if (!isOn(chain)) {
          states.push({ chain, state: 'off' });
          continue;
        }
        const { isPaused, breaker, oldestSeconds } = await read(chain);
        const isWell = breaker === 'closed' && oldestSeconds < lateSeconds;
        states.push({ chain, state: isPaused ? 'paused' : isWell ? 'ok' : 'degraded' });
      }
      return states;
    },
    stop: async (drainMs) => {
      await worker.stop(drainMs);
      await platforms.close();
    },
  };
}
