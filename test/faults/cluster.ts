import type { Binary, Served } from '../cli/run-foyer.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { furnish, type House } from './house.ts';

/** Three nodes on one PostgreSQL database behind nginx, as compose.postgres.yaml has them. */
export interface Cluster {
  databaseUrl: string;
  house: House;
  nodes: Served[];
  /** Address of the balancer. */
  url: string;
  /** Starts a node again where it was. */
  restart(index: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a cluster with so many customers; `env` are FOYER_* settings of all nodes. */
export async function startCluster(
  foyer: Binary,
  { people, env = {} }: { people: number; env?: Record<string, string> },
): Promise<Cluster> {
  const database: FreshDatabase = await freshDatabaseUrl('postgres');
  const nodes: Served[] = [];
  let balancer: Balancer | undefined;
  const stop = async (): Promise<void> => {
    for (const node of nodes) node.kill('SIGKILL');
    await Promise.all(nodes.map(({ ended }) => ended));
    await balancer?.stop();
    await database.drop();
  };
  const settings = {
    FOYER_DATABASE_URL: database.url,
    FOYER_TRUST_PROXY: '127.0.0.1',
    // What is looked for in the outbox afterwards must not be taken out by a worker.
    FOYER_JOBS: 'off',
    FOYER_RATE_LIMIT: 'off',
    FOYER_HASH_CONCURRENCY: '1',
    FOYER_HASH_MAX_WAIT_MS: '60000',
    FOYER_LOG_REQUESTS: 'none',
    ...env,
  };
  try {
    const house = await furnish(database.url, people);
    for (let index = 0; index < 3; index += 1) nodes.push(await foyer.serve('serve', settings));
    balancer = await startBalancer(nodes.map(({ url }) => url));
    const restart = async (index: number): Promise<void> => {
      const { port } = new URL(nodes[index]!.url);
      nodes[index] = await foyer.serve('serve', { ...settings, FOYER_PORT: port });
    };
    return { databaseUrl: database.url, house, nodes, url: balancer.url, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
