import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** How the link of one chain with the loyalty platform fares. */
export interface LinkHealth {
  chain: number;
  /** `degraded`: changes are late or the platform is in trouble; `paused`: it shuts the chain out. */
  state: 'ok' | 'degraded' | 'paused' | 'off';
}

export interface HealthOptions {
  /** Resolves when the database answers; rejects otherwise. */
  ping(): Promise<void>;
  /** True from the moment the process was told to stop. */
  isStopping(): boolean;
  maintenanceSince(): string | undefined;
  /** Where failures per network are counted: for all nodes together, or on this one alone. */
  rateLimits(): 'shared' | 'local' | 'off';
  readLinks(): Promise<LinkHealth[]>;
  /** Left out: no /metrics. */
  registry?: Registry;
  release: string;
}

/**
 * `/livez`: the process runs. `/readyz`: send requests here (database answers, not stopping); maintenance keeps it
 * ready, because the refusal is the service then, and so does trouble with the loyalty platform, for which nobody waits.
 * `/health`: both with details for people. `/metrics`: Prometheus.
 */
export async function health(app: FastifyInstance, options: HealthOptions): Promise<void> {
  const tags = ['operation'];
  const check = async (): Promise<{ isReady: boolean; database: string }> => {
    const database = await options.ping().then(
      () => 'up',
      () => 'down',
    );
    return { isReady: database === 'up' && !options.isStopping(), database };
  };
  app.get('/livez', { schema: { tags, summary: 'The process runs' } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { tags, summary: 'Requests are served' } }, async (_request, reply) => {
    const { isReady, database } = await check();
    if (!isReady) reply.code(503).header('retry-after', '2');
    return { status: isReady ? 'ready' : options.isStopping() ? 'stopping' : 'unavailable', database };
  });
  app.get('/health', { schema: { tags, summary: 'State in detail' } }, async (_request, reply) => {
    const { isReady, database } = await check();
    const since = options.maintenanceSince();
    const loyalty = await options.readLinks().catch(() => undefined);
    const isDegraded = loyalty?.some(({ state }) => state === 'degraded' || state === 'paused');
    if (!isReady) reply.code(503).header('retry-after', '2');
    return {
      status: !isReady ? 'unavailable' : since !== undefined ? 'maintenance' : isDegraded ? 'degraded' : 'ok',
      release: options.release,
      uptime_seconds: Math.round(process.uptime()),
      database,
      rate_limits: options.rateLimits(),
      ...(loyalty === undefined ? {} : { loyalty }),
      ...(since === undefined ? {} : { maintenance_since: since }),
    };
  });
  const { registry } = options;
  if (registry === undefined) return;
  app.get('/metrics', { schema: { tags, summary: 'Prometheus metrics' } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}
