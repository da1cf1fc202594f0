import type { FastifyInstance } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import type { AccountDeps } from './accounts/deps.ts';
import type { Accounts } from './accounts/index.ts';
import type { Store } from './accounts/store.ts';
import type { TopologyData } from './accounts/topology.ts';
import { type ComposeOptions, composeAccounts } from './compose-accounts.ts';
import { composeLinks } from './compose-links.ts';
import { allowStoreOrigins } from './http/cors.ts';
import { collectOpenapi, docs } from './http/docs.ts';
import { health } from './http/health.ts';
import { createLogger } from './http/log.ts';
import { createMetrics } from './http/metrics.ts';
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
import type { OpenStore } from './storage/index.ts';

/** How often the topology, keys and maintenance of other nodes are looked for; changes must be seen within 2 s. */
const refreshMs = 1_000;
const cleanUpMs = 10 * 60_000;
const limitsCheckMs = 1_000;

export interface AppOptions extends ComposeOptions {
  /** What an empty database starts with. */
  topology?: TopologyData;
  /** Runs once the schema is there and before the first request is served. */
  seed?(store: Store, deps: AccountDeps): Promise<void>;
  logDestination?: DestinationStream;
  /** How long a stop leaves resting connections open for a request that is on its way; half a second unless said otherwise. */
  closeGraceMs?: number;
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

/** Puts the house together: config, store, accounts, protocols, timers. Listens to nobody before `start`. */
export function composeApp(options: AppOptions): App {
  const { config } = options;
  const logger = createLogger(config.logLevel, options.logDestination);
  const {
    deps,
    accounts: bare,
    store,
    madeFile,
    queue,
    onTransaction,
  } = composeAccounts({ ...options, isServer: true });
  const isMaintenance = (): boolean => bare.directory.maintenanceSince !== undefined;
  const metrics = createMetrics({ hashQueue: queue, isMaintenance });
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
  onTransaction(({ seconds, outcome, hasEvent }) => {
    metrics.observeTransaction(seconds, outcome);
    if (hasEvent) links.wake();
  });
  const server = createServer({
    logger,
    logRequests: config.logRequests,
    bodyLimitBytes: config.bodyLimitBytes,
    requestTimeoutSeconds: config.requestTimeoutSeconds,
    trustedProxies: config.trustedProxies,
    closeGraceMs: options.closeGraceMs ?? 500,
    checkHashRoom: () => queue.checkRoom(),
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
    if (!isMaintenance()) await task();
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
      // A volume that is not mounted, or a slip in the path, is an empty house that answers.
      if (madeFile !== undefined) logger.warn({ database: madeFile }, 'the database was not there and has been made');
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
