import type { FastifyInstance } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import { DebtorNumbers } from './accounts/debtor-numbers.ts';
import type { AccountDeps } from './accounts/deps.ts';
import { Directory, type FixedKey } from './accounts/directory.ts';
import { type Accounts, createAccounts } from './accounts/index.ts';
import type { Store } from './accounts/store.ts';
import type { TopologyData } from './accounts/topology.ts';
import { composeLinks } from './compose-links.ts';
import type { Config } from './config.ts';
import { HashQueue } from './hashing/hash-queue.ts';
import { createPasswordHashing } from './hashing/password-hashing.ts';
import { createPasswordPrimitives } from './hashing/password-primitives.ts';
import { allowStoreOrigins } from './http/cors.ts';
import { collectOpenapi, docs } from './http/docs.ts';
import { health } from './http/health.ts';
import { createLogger } from './http/log.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { networkOf } from './http/network.ts';
import { createRateLimits } from './http/rate-limits.ts';
import { createServer } from './http/server.ts';
import { guardSignIns } from './http/sign-in-guard.ts';
import { prepareSchema, prepareTopology } from './prepare-database.ts';
import { admin } from './protocols/admin/routes.ts';
import { gomus } from './protocols/gomus/routes.ts';
import { spaaza } from './protocols/spaaza/routes.ts';
import { spaazaWebhooks } from './protocols/spaaza/webhook-routes.ts';
import { release } from './release.ts';
import { type OpenStore, openStore } from './storage/index.ts';

/** How often the topology, keys and maintenance of other nodes are looked for; changes must be seen within 2 s. */
const refreshMs = 1_000;
const cleanUpMs = 10 * 60_000;
const limitsCheckMs = 1_000;

export interface AppOptions {
  config: Config;
  /** Database to use whatever the configuration says: the demo's temporary file. */
  databaseUrl?: string;
  fixedKeys?: readonly FixedKey[];
  /** What an empty database starts with. */
  topology?: TopologyData;
  /** Runs once the schema is there and before the first request is served. */
  seed?(store: Store, deps: AccountDeps): Promise<void>;
  logDestination?: DestinationStream;
}

/** A composed server: start it once, stop it once. */
export interface App {
  readonly accounts: Accounts;
  readonly server: FastifyInstance;
  readonly store: OpenStore;
  readonly logger: Logger;
  /** Brings the database up to date and listens; gives the base address. */
  start(): Promise<string>;
  /** Refuses new connections, lets running requests finish within the drain time, closes the database. */
  stop(): Promise<void>;
}

/** Puts the house together: config, store, accounts, protocols, timers. Opens nothing before `start`. */
export function composeApp(options: AppOptions): App {
  const { config } = options;
  const logger = createLogger(config.logLevel, options.logDestination);
  const { deps, accounts: bare, store, queue, metrics, onEvent } = composeAccounts(options);
  const limits = createRateLimits({
    isOn: config.rateLimit,
    failuresPerFiveMinutes: config.ipFailuresPerFiveMinutes,
    signUpsPerHour: 300,
    maxWaitMs: config.hashMaxWaitMs,
    maxWaiting: config.hashMaxQueued,
    redisUrl: config.redisUrl,
    databaseWindows: store.windows,
    logger,
  });
  metrics.watchRateLimits(() => limits.scope === 'shared');
  const accounts = guardSignIns(bare, { limits: limits.signIns, signUpLimit: limits.signUps, metrics });
  const links = composeLinks(deps, config, metrics.registry, logger);
  onEvent(() => links.wake());
  const server = createServer({
    logger,
    logRequests: config.logRequests,
    bodyLimitBytes: config.bodyLimitBytes,
    requestTimeoutSeconds: config.requestTimeoutSeconds,
    trustedProxies: config.trustedProxies,
    onAnswer: metrics.observeAnswer,
  });
  let isStopping = false;
  const timers: NodeJS.Timeout[] = [];
  const every = (ms: number, task: () => Promise<unknown>): void => {
    const run = (): void => {
      task().catch((error: unknown) => logger.warn({ err: error }, 'background task failed'));
    };
    timers.push(setInterval(run, ms).unref());
  };

  // Maintenance may be there to move the data away: then nothing of ours changes it either.
  const whileOpen = async (task: () => Promise<unknown>): Promise<void> => {
    if (accounts.directory.maintenanceSince === undefined) await task();
  };

  const registerRoutes = async (): Promise<void> => {
    await collectOpenapi(server, release);
    await server.register(health, {
      ping: () => store.ping(),
      isStopping: () => isStopping,
      maintenanceSince: () => accounts.directory.maintenanceSince,
      rateLimits: () => limits.scope,
      readLinks: () => links.readHealth(),
      registry: config.metrics ? metrics.registry : undefined,
      release,
    });
    await server.register(
      async (scope) => {
        await allowStoreOrigins(scope, (host) => accounts.directory.topology.hasHost(host));
        await scope.register(gomus, {
          accounts,
          timeZone: config.timeZone,
          release,
          readsSignInHeaders: config.readsSignInHeaders,
          networkOf,
        });
      },
      { prefix: '/api/v4' },
    );
    await server.register(spaaza, { prefix: '/rest', accounts, networkOf });
    await server.register(spaazaWebhooks, { prefix: '/webhooks/spaaza', accounts, ...links.webhooks });
    await server.register(admin, { prefix: '/admin/v1', accounts, timeZone: config.timeZone, networkOf });
    await server.register(docs);
  };

  return {
    accounts,
    server,
    store,
    logger,
    start: async () => {
      const { ahead } = await prepareSchema(store, (customers) =>
        logger.info({ customers }, 'making customers searchable before serving: this happens once'),
      );
      if (ahead.length > 0) {
        logger.warn(
          { migrations: ahead },
          'the database is ahead of this release, which can serve from it all the same',
        );
      }
      await prepareTopology(deps, options.topology);
      await options.seed?.(store, deps);
      await registerRoutes();
      await limits.open();
      // Beyond Node's 511 waiting connections a burst is dropped, and comes back seconds later or not at all. The kernel
      // has a limit of its own (net.core.somaxconn), 4096 unless it was set.
      const address = await server.listen({ host: config.host, port: config.port, backlog: 4_096 });
      every(limitsCheckMs, limits.check);
      every(refreshMs, () => accounts.directory.refresh());
      every(cleanUpMs, () => whileOpen(accounts.cleanUp));
      every(cleanUpMs, () => whileOpen(async () => store.windows?.deleteExpired()));
      every(60_000, () => whileOpen(accounts.recordKeyUse));
      links.start();
      return address;
    },
    stop: async () => {
      isStopping = true;
      for (const timer of timers) clearInterval(timer);
      const force = setTimeout(() => server.server.closeAllConnections(), config.drainSeconds * 1000).unref();
      await Promise.all([server.close(), links.stop(config.drainSeconds * 1000)]);
      clearTimeout(force);
      await queue.drain();
      limits.close();
      await whileOpen(accounts.recordKeyUse).catch(() => undefined);
      await store.close();
    },
  };
}

/** The domain without a server, for the CLI and for tests of verbs: store, hashing and verbs, bound together. */
export function composeAccounts(options: Pick<AppOptions, 'config' | 'databaseUrl' | 'fixedKeys'>): {
  accounts: Accounts;
  deps: AccountDeps;
  store: OpenStore;
  queue: HashQueue;
  metrics: Metrics;
  /** Registers what is called after each commit that wrote an event. */
  onEvent(listener: () => void): void;
} {
  const { config } = options;
  const url = options.databaseUrl ?? config.databaseUrl;
  if (url === undefined) throw new Error('No database is configured');
  const opened = openStore({
    url,
    readUrl: config.databaseReadUrl,
    poolSize: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
  });
  const queue = new HashQueue({
    concurrency: config.hashConcurrency,
    maxWaitMs: config.hashMaxWaitMs,
    maxQueued: config.hashMaxQueued,
  });
  const directory: Directory = new Directory(opened, options.fixedKeys);
  const metrics = createMetrics({
    hashQueue: queue,
    isMaintenance: () => directory.maintenanceSince !== undefined,
  });
  let onEvent: (() => void) | undefined;
  const store = observed(opened, metrics, () => onEvent?.());
  const deps: AccountDeps = {
    store,
    directory,
    debtorNumbers: new DebtorNumbers(store),
    passwords: createPasswordHashing({ queue, primitives: createPasswordPrimitives(), pepper: config.pepper }),
    rules: {
      sessions: {
        mode: config.tokenMode,
        lifespanSeconds: config.tokenLifespanDays * 86_400,
        maxDevices: config.maxDevices,
        previousTokenSeconds: config.previousTokenSeconds,
      },
      lock: { maxFailures: config.lockFailures, lockSeconds: config.lockSeconds },
      needsCurrentPassword: config.requireCurrentPassword,
      kept: {
        deadLetterDays: config.deadLetterDays,
        inboxDays: config.inboxDays,
        tombstoneDays: config.tombstoneDays,
        signInHistoryDays: config.signInHistoryDays,
      },
    },
    loyalty: {
      isOn: (chainId) => config.spaaza[chainId]?.credential !== undefined,
      pullIntervalSeconds: config.spaazaPullIntervalSeconds,
    },
    now: createClock(),
  };
  return {
    accounts: createAccounts(deps),
    deps,
    store,
    queue,
    metrics,
    onEvent: (listener) => {
      onEvent = listener;
    },
  };
}

/** The time as text, written once a millisecond: under load many requests share one. */
function createClock(): () => string {
  let lastMs = 0;
  let text = '';
  return () => {
    const ms = Date.now();
    if (ms !== lastMs) {
      lastMs = ms;
      text = new Date(ms).toISOString();
    }
    return text;
  };
}

/** Times every transaction and tells of those that wrote an event; the rest of the store is handed on as it is. */
function observed(store: OpenStore, metrics: Metrics, onEvent: () => void): OpenStore {
  const transaction: OpenStore['transaction'] = async (work) => {
    const start = performance.now();
    let outcome: 'committed' | 'refused' | 'unavailable' = 'committed';
    try {
      let wroteEvent = false;
      const result = await store.transaction((tx) => {
        const { append } = tx.outbox;
        // The rooms of a transaction are its own.
        tx.outbox.append = (entry) => {
          wroteEvent = true;
          return append(entry);
        };
        return work(tx);
      });
      if (wroteEvent) onEvent();
      return result;
    } catch (error) {
      outcome = (error as { code?: unknown }).code === 'storage_unavailable' ? 'unavailable' : 'refused';
      throw error;
    } finally {
      metrics.observeTransaction((performance.now() - start) / 1000, outcome);
    }
  };
  return { ...store, transaction };
}
