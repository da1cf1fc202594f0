import { join } from 'node:path';
import type { ServerProcess } from './children.ts';
import type { DatabaseKind, Databases } from './databases.ts';
import { type Seeded, seedFoyer } from './seed.ts';
import { type PeerHash, seedPeer } from './seed-peer.ts';
import type { Settings } from './settings.ts';
import { type ServerTarget, startBareServer, startFoyer, startPeer, startRaw, type Target } from './targets.ts';
import type { WorkloadName } from './workloads.ts';

/** Everything that is measured side by side. */
export interface Lineup {
  /** Foyer's databases at the first size: for cold starts. */
  base: Record<DatabaseKind, Seeded>;
  targets: Map<string, Target>;
  /** Seconds it took to fill each database. */
  seedSeconds: Record<string, number>;
  stop(): Promise<void>;
}

/** 10000 as `10k`, 1000000 as `1m`. */
export function sizeName(size: number): string {
  if (size % 1_000_000 === 0) return `${size / 1_000_000}m`;
  return size % 1_000 === 0 ? `${size / 1_000}k` : String(size);
}

/** Name of the Foyer target on a database: the first size has no suffix. */
export function foyerName(kind: DatabaseKind, size: number, settings: Settings): string {
  return size === settings.sizes[0] ? `foyer-${kind}` : `foyer-${kind}-${sizeName(size)}`;
}

export const kinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

/** Fills the databases; nothing else runs meanwhile. */
export async function seedDatabases(
  databases: Databases,
  settings: Settings,
  say: (line: string) => void,
): Promise<{
  foyer: Map<string, Seeded>;
  rotating: Map<DatabaseKind, Seeded>;
  peers: Map<string, string>;
  /** Address of a PostgreSQL database for the bare server alone, which writes; undefined in a quick run. */
  bare: string | undefined;
}> {
  const foyer = new Map<string, Seeded>();
  const rotating = new Map<DatabaseKind, Seeded>();
  const peers = new Map<string, string>();
  for (const kind of kinds) {
    for (const size of settings.sizes) {
      const name = foyerName(kind, size, settings);
      const seeded = await seedFoyer(await databases.create(kind, name), size);
      foyer.set(name, seeded);
      say(`seeded ${name}: ${size} customers in ${seeded.seconds.toFixed(1)} s`);
    }
    const base = foyer.get(foyerName(kind, settings.sizes[0]!, settings))!;
    if (settings.workloads.includes('session_check_rotating')) {
      rotating.set(kind, { ...base, url: await databases.copy(base.url, `foyer-${kind}-rotating`) });
    }
    for (const peerHash of peerHashes(kind, settings)) {
      const name = peerName(kind, peerHash);
      const url = await databases.create(kind, name);
      await seedPeer(url, base.size, peerHash);
      peers.set(name, url);
      say(`seeded ${name}: ${base.size} users`);
    }
  }
  const first = foyer.get(foyerName('postgres', settings.sizes[0]!, settings))!;
  const bare = settings.isQuick ? undefined : await databases.copy(first.url, 'limit-postgres');
  return { foyer, rotating, peers, bare };
}

/** A quick run compares hashes of equal cost on SQLite only. */
function peerHashes(kind: DatabaseKind, { hasPeers, isQuick }: Settings): PeerHash[] {
  if (!hasPeers) return [];
  return kind === 'postgres' && isQuick ? ['default'] : ['default', 'argon2id'];
}

function peerName(kind: DatabaseKind, peerHash: PeerHash): string {
  return peerHash === 'default' ? `better-auth-${kind}` : `better-auth-${kind}-argon2id`;
}

/** Starts all servers and limits, each ready before the next: they stay up, idle, while others are measured. */
export async function startLineup(
  databases: Databases,
  seeded: Awaited<ReturnType<typeof seedDatabases>>,
  settings: Settings,
): Promise<Lineup> {
  const targets = new Map<string, Target>();
  const processes: ServerProcess[] = [];
  const add = (target: Target): void => {
    targets.set(target.name, target);
  };
  const serve = async (target: Omit<ServerTarget, 'processes'>, starting: Promise<ServerProcess>): Promise<void> => {
    const started = await starting;
    processes.push(started);
    add({ ...target, processes: [started] });
  };
  const baseSize = settings.sizes[0]!;
  const base = {
    sqlite: seeded.foyer.get(foyerName('sqlite', baseSize, settings))!,
    postgres: seeded.foyer.get(foyerName('postgres', baseSize, settings))!,
  };
  const facts = { size: baseSize, apiKey: '' };
  try {
    for (const [name, { url, ...known }] of seeded.foyer) {
      const database = url.startsWith('sqlite:') ? 'sqlite' : 'postgres';
      await serve({ name, kind: 'foyer', database, dataKey: name, facts: known }, startFoyer(settings.server, url));
    }
    const one = targets.get('foyer-postgres') as ServerTarget;
    const second = await startFoyer(settings.server, base.postgres.url);
    processes.push(second);
    add({ ...one, name: 'foyer-postgres-2-processes', processes: [...one.processes, second] });
    for (const [database, { url, ...known }] of seeded.rotating) {
      const name = `foyer-${database}-rotating`;
      const starting = startFoyer(settings.server, url, { FOYER_TOKEN_MODE: 'rotating' });
      await serve({ name, kind: 'foyer', database, dataKey: name, facts: known }, starting);
    }
    for (const [name, url] of seeded.peers) {
      const database = url.startsWith('sqlite:') ? 'sqlite' : 'postgres';
      const starting = startPeer(url, name.endsWith('argon2id') ? 'argon2id' : 'default');
      await serve({ name, kind: 'better-auth', database, dataKey: name, facts }, starting);
    }
    await serve(
      { name: 'limit-read', kind: 'bare', database: 'sqlite', dataKey: 'limit', facts },
      startBareServer(base.sqlite.url),
    );
    if (seeded.bare !== undefined) {
      await serve(
        { name: 'limit-postgres', kind: 'bare', database: 'postgres', dataKey: 'limit-postgres', facts },
        startBareServer(seeded.bare),
      );
    }
    add(await startRaw('limit-hashing', 'raw-hashing', []));
    add(await startRaw('limit-commits', 'raw-commits', [join(databases.directory, 'raw-commits.db')]));
  } catch (error) {
    await stopAll();
    throw error;
  }
  async function stopAll(): Promise<void> {
    for (const target of targets.values()) if (target.kind === 'raw') target.stop();
    await Promise.all(processes.map((each) => each.stop()));
  }
  const seedSeconds = Object.fromEntries([...seeded.foyer].map(([name, { seconds }]) => [name, seconds]));
  return { base, targets, seedSeconds, stop: stopAll };
}

/** Names of the targets that one workload runs on, in the order of the report; those not started are left out. */
export function targetNamesOf(workload: WorkloadName, settings: Settings): string[] {
  const base = ['foyer-sqlite', 'foyer-postgres'];
  const allSizes = kinds.flatMap((kind) => settings.sizes.map((size) => foyerName(kind, size, settings)));
  const two = 'foyer-postgres-2-processes';
  const limits = ['limit-read', 'limit-postgres'];
  const peers = ['better-auth-sqlite', 'better-auth-postgres'];
  switch (workload) {
    case 'user_info_by_id':
      return [...limits, ...allSizes, two];
    case 'user_info_by_email':
    case 'user_info_by_chain':
      return [...limits, ...allSizes, ...unlessQuick(two)];
    case 'session_check':
      return [...limits, ...allSizes, ...unlessQuick(two), ...peers];
    case 'session_check_rotating':
      return ['foyer-sqlite-rotating', 'foyer-postgres-rotating'];
    case 'customers_list':
    case 'customers_search':
      return allSizes;
    case 'newsletter_groups':
      return ['limit-commits', ...allSizes, ...unlessQuick(two)];
    case 'user_update':
      return ['limit-postgres', ...base, ...unlessQuick(two), ...peers];
    case 'spaaza_update':
    case 'spaaza_update_same':
      return [...base, ...unlessQuick(two)];
    case 'sign_in': {
      const equal = peers.map((name) => `${name}-argon2id`);
      return ['limit-hashing', ...base, ...unlessQuick(two), ...peers, ...equal];
    }
    case 'authenticate':
      return ['limit-hashing', 'foyer-sqlite', ...unlessQuick('foyer-postgres', two)];
    case 'sign_up':
      return ['foyer-sqlite', ...unlessQuick('foyer-postgres', ...peers)];
  }
  function unlessQuick(...names: string[]): string[] {
    return settings.isQuick ? [] : names;
  }
}
