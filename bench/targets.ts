import { fork } from 'node:child_process';
import { once } from 'node:events';
import { guard, type ServerProcess, startServer } from './children.ts';
import type { DatabaseKind } from './databases.ts';
import type { LatencySummary } from './latency.ts';
import { summarise } from './latency.ts';
import type { RawResult } from './limit/raw-work.ts';
import type { SliceResult } from './load.ts';
import { type PeerHash, peerEnvironment, peerScript } from './seed-peer.ts';
import type { ServerKind, TargetFacts } from './workloads.ts';

/** A server under load: one process, or several behind a client that takes them in turns. */
export interface ServerTarget {
  name: string;
  kind: ServerKind;
  database: DatabaseKind;
  dataKey: string;
  facts: Omit<TargetFacts, 'host'>;
  processes: readonly ServerProcess[];
}

/** A child process that works by itself: the limit of hashing or committing. */
export interface RawTarget {
  name: string;
  kind: 'raw';
  pid: number;
  run(milliseconds: number): Promise<SliceResult>;
  stop(): void;
}

export type Target = ServerTarget | RawTarget;

const bundle = 'node_modules/.cache/bench';

/** Settings of every Foyer process here; the rest is as it comes. */
export const foyerSettings = { FOYER_RATE_LIMIT: 'off', FOYER_LOG_LEVEL: 'warn' };

/** Starts Foyer on a database; `flags` are for Node.js. */
export function startFoyer(
  script: string,
  url: string,
  env: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  return startServer({
    name: 'Foyer',
    argsOf: () => [...flags, script, 'serve'],
    env: (port) => ({ ...foyerSettings, ...env, FOYER_DATABASE_URL: url, FOYER_PORT: String(port) }),
    path: '/readyz',
  });
}

export function startPeer(url: string, peerHash: PeerHash): Promise<ServerProcess> {
  return startServer({
    name: 'better-auth',
    argsOf: (port) => [peerScript, 'serve', String(port)],
    env: () => peerEnvironment(url, peerHash),
    path: '/api/auth/ok',
  });
}

/** Starts a limit that is a server, on the database that it is for. */
export function startBareServer(url: string): Promise<ServerProcess> {
  const isEmbedded = url.startsWith('sqlite:');
  const script = `${bundle}/${isEmbedded ? 'bare-server' : 'bare-postgres'}.mjs`;
  const database = isEmbedded ? url.slice('sqlite:'.length) : url;
  const argsOf = (port: number): string[] => [script, database, String(port)];
  return startServer({ name: 'the bare server', argsOf, path: '/customers/1' });
}

/** Starts one of the limits that are no server. */
export async function startRaw(
  name: string,
  script: 'raw-hashing' | 'raw-commits',
  args: string[],
): Promise<RawTarget> {
  const child = fork(`${bundle}/${script}.mjs`, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const log = guard(child);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${script} ended: ${log()}`)));
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    name,
    kind: 'raw',
    pid: child.pid!,
    run: async (milliseconds) => {
      child.send(milliseconds);
      const [{ count, elapsedMs, latencies }] = (await Promise.race([once(child, 'message'), ended])) as [RawResult];
      const summary: LatencySummary = summarise(latencies);
      return {
        requests: count,
        errors: 0,
        perSecond: count / (elapsedMs / 1000),
        elapsedMs,
        clientCores: 0,
        ...summary,
      };
    },
    stop: () => child.kill(),
  };
}
