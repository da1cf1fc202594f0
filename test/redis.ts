import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { type KeptProcess, startKept } from './kept-process.ts';
import { untilConnectable } from './until-connectable.ts';

/** A real Redis or Valkey of a suite's own, in memory only, on a socket in a folder that is removed after the suite. */
export interface RedisServer {
  readonly url: string;
  /** Starts it, empty, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Makes it neither answer nor go away, until `wake`. */
  freeze(): void;
  wake(): void;
  /** What `redis-cli` says to a command. */
  ask(...command: string[]): string;
}

const program = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
const isRequired = (process.env.FOYER_TEST_REQUIRE_REDIS ?? '') !== '';
const isSkipped = program === undefined && !isRequired;
if (isSkipped) console.warn('Neither redis-server nor valkey-server is installed: tests that need one are skipped.');

/**
 * Declares a suite that needs Redis. Where there is none it is skipped, but never with FOYER_TEST_REQUIRE_REDIS set: then
 * it fails.
 */
export const describeWithRedis = describe.skipIf(isSkipped);

/** A server for the suite that calls this; not started yet. `password` is asked of everybody. */
export function redisOfSuite(password?: string): RedisServer {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-redis-'));
  const socket = join(folder, 'redis.sock');
  let running: KeptProcess | undefined;

  const kill = async (): Promise<void> => {
    const ended = running?.kill();
    running = undefined;
    await ended;
  };
  afterAll(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    url: password === undefined ? `unix://${socket}` : `unix://:${encodeURIComponent(password)}@${socket}`,
    async start() {
      if (program === undefined)
        throw new Error('Install redis-server or valkey-server (FOYER_TEST_REQUIRE_REDIS is set)');
      const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder];
      const secret = password === undefined ? [] : ['--requirepass', password];
      running = await startKept([program, ...options, ...secret]);
      await untilConnectable({ path: socket });
    },
    kill,
    freeze: () => void process.kill(running!.pid, 'SIGSTOP'),
    wake: () => void process.kill(running!.pid, 'SIGCONT'),
    ask: (...command) => {
      const { stdout, stderr } = spawnSync(program!.replace('-server', '-cli'), ['-s', socket, ...command], {
        encoding: 'utf8',
        env: { ...process.env, ...(password !== undefined && { REDISCLI_AUTH: password }) },
      });
      return (stdout + stderr).trim();
    },
  };
}
