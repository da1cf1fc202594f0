import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { AccountDeps } from './accounts/deps.ts';
import type { Config } from './config.ts';
import type { LinkHealth } from './http/health.ts';
import { addLoyaltyMetrics, type LinkReading } from './http/loyalty-metrics.ts';
import { addNoticeMetrics, type InboxReading } from './http/notice-metrics.ts';
import { workOnNotices } from './jobs/inbox.ts';
import { LoyaltyWorker } from './jobs/worker.ts';
import { createLoyaltyPlatforms } from './protocols/spaaza/platforms.ts';
import { readWebhook } from './protocols/spaaza/webhook-event.ts';
import type { WebhookOptions } from './protocols/spaaza/webhook-routes.ts';

/** The links with the loyalty platform, as far as this process runs them. */
export interface Links {
  start(): void;
  /** To be called after a commit that wrote an event. */
  wake(): void;
  /** How each chain of the topology fares. */
  readHealth(): Promise<LinkHealth[]>;
  /** What the address for webhooks needs. */
  readonly webhooks: Pick<WebhookOptions, 'secretsOf' | 'count'>;
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
  const secondsSince = (moment: string): number => Math.max(0, (Date.parse(deps.now()) - Date.parse(moment)) / 1000);
  const read = async (chainId: number): Promise<LinkReading> => {
    const state = await store.chainStates.find(chainId);
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
  const readInbox = async (): Promise<InboxReading> => {
    const oldest = await store.inbox.findOldest();
    return {
      waiting: await store.inbox.count('waiting', countedAtMost),
      dead: await store.inbox.count('dead', countedAtMost),
      oldestSeconds: oldest === undefined ? 0 : secondsSince(oldest),
    };
  };
  const { countWebhook, countNotice } = addNoticeMetrics(registry, readInbox);
  const secretsOf: WebhookOptions['secretsOf'] = (chainId) => config.spaaza[chainId]?.webhookSecrets;
  const count = addLoyaltyMetrics(registry, {
    chainIds: () =>
      chains()
        .map(({ id }) => id)
        .filter(isOn),
    read,
  });
  const worker = new LoyaltyWorker({
    deps,
    platforms,
    log: logger,
    count,
    workOnNotices: () => workOnNotices({ deps, read: readWebhook, log: logger, count: countNotice }),
  });
  return {
    start: () => {
      if (config.runsJobs) worker.start();
    },
    wake: () => {
      if (config.runsJobs && chains().some(({ id }) => isOn(id))) worker.wake();
    },
    readHealth: async () => {
      const states: LinkHealth[] = [];
      const { oldestSeconds: oldestNotice } = await readInbox();
      for (const { id: chain } of chains()) {
        if (!isOn(chain)) {
          states.push({ chain, state: 'off' });
          continue;
        }
        const { isPaused, breaker, oldestSeconds } = await read(chain);
        const isWell = breaker === 'closed' && Math.max(oldestSeconds, oldestNotice) < lateSeconds;
        states.push({ chain, state: isPaused ? 'paused' : isWell ? 'ok' : 'degraded' });
      }
      return states;
    },
    webhooks: {
      secretsOf,
      count: (chainId, outcome) => {
        countWebhook(chainId, outcome);
        if (outcome === 'accepted' && config.runsJobs) worker.wake();
      },
    },
    stop: async (drainMs) => {
      await worker.stop(drainMs);
      await platforms.close();
    },
  };
}
