import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type DatabaseKind, type Databases, openDatabases } from './databases.ts';
import { kinds } from './lineup.ts';
import type { SliceResult } from './load.ts';
import { type LoadGenerator, startLoadGenerator } from './measure.ts';
import { cpuSecondsOf, cpuSecondsOfTree, mainThreadSecondsOf } from './processes.ts';
import { type CallFrame, type CpuProfile, type Shares, sharesOf } from './profile-shares.ts';
import { seedFoyer } from './seed.ts';
import { readSettings, type Settings } from './settings.ts';
import { startFoyer } from './targets.ts';
import { type WorkloadName, workloadOf, workloads } from './workloads.ts';

const usage = `node bench/run.mjs --profile --only a,b [--database sqlite|postgres] [--no-build]
  --only a,b          workloads, each on a server of its own: ${Object.keys(workloads).join(', ')}
  --database …        only on this one (default both)
  --size 10000        customers
  --slice 6000        milliseconds that are looked at
  --keep folder       keep the profiles there, for Chrome's developer tools
`;

interface Order {
  /** The first size counts. */
  settings: Settings;
  databases: DatabaseKind[];
  keep: string | undefined;
}

/** What one workload cost, in microseconds of processor time for each request. */
interface Costs {
  mainThread: number;
  otherThreads: number;
  database: number | undefined;
  clients: number;
}

/** Before anything is looked at: V8 compiles what runs often. */
const warmUpMs = 8_000;
/** An entry counts from this share of the main thread's time. */
const leastShare = 0.005;

function readOrder(args: string[]): Order {
  const { values } = parseArgs({
    args,
    options: {
      profile: { type: 'boolean' },
      'no-build': { type: 'boolean' },
      only: { type: 'string' },
      database: { type: 'string' },
      size: { type: 'string' },
      slice: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const { only, database, size = '10000', slice = '6000', keep } = values;
  if (only === undefined) throw new Error('--only is missing');
  if (database !== undefined && database !== 'sqlite' && database !== 'postgres') {
    throw new Error(`--database: there is no ${database}`);
  }
  const build = values['no-build'] === true ? ['--no-build'] : [];
  return {
    settings: readSettings(['--only', only, '--sizes', size, '--slice', slice, ...build]),
    databases: database === undefined ? [...kinds] : [database],
    keep,
  };
}

/** Puts one server under load with V8's profiler on, and prints what its main thread did. */
async function profileOne(
  databases: Databases,
  generator: LoadGenerator,
  { settings, keep }: Order,
  workload: WorkloadName,
  database: DatabaseKind,
): Promise<void> {
  const name = `${workload}-${database}`;
  const { url, ...facts } = await seedFoyer(await databases.create(database, name), settings.sizes[0]!);
  await databases.readIn();
  const directory = join(databases.directory, name);
  const mode: Record<string, string> = workload === 'session_check_rotating' ? { FOYER_TOKEN_MODE: 'rotating' } : {};
  const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500'];
  const spawnedAt = performance.now();
  const server = await startFoyer(settings.server, url, mode, flags);
  const { kind } = workloadOf(workload);
  try {
    const slice = {
      workload,
      kind: 'foyer' as const,
      urls: [server.url],
      dataKey: name,
      facts,
      connections: settings.connections[kind],
    };
    await generator.run({ ...slice, rampMs: 0, measureMs: warmUpMs });
    const { pid } = server;
    const postgresPid = database === 'postgres' ? databases.postgresPid : undefined;
    const before = readCpu(pid, postgresPid);
    const fromMs = performance.now() - spawnedAt;
    const result = await generator.run({ ...slice, rampMs: 0, measureMs: settings.measureMs[kind] });
    const toMs = performance.now() - spawnedAt;
    const after = readCpu(pid, postgresPid);
    if (result.errors > 0) throw new Error(`${name}: ${result.errors} wrong answers: ${result.firstError}`);
    // The profile is written at the end.
    await server.stop();
    const path = join(directory, readdirSync(directory).find((file) => file.endsWith('.cpuprofile'))!);
    const shares = sharesOf(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile, fromMs, toMs, sourceReader());
    if (keep !== undefined) {
      mkdirSync(keep, { recursive: true });
      copyFileSync(path, join(keep, `${name}.cpuprofile`));
    }
    print(workload, database, result, costsOf(before, after, result), shares);
  } finally {
    await server.stop();
  }
}

/** Processor time that was used so far, in seconds; not a number where there is no /proc. */
interface Cpu {
  server: number;
  mainThread: number;
  database: number | undefined;
}

function readCpu(pid: number, postgresPid: number | undefined): Cpu {
  return {
    server: cpuSecondsOf([pid]) ?? Number.NaN,
    mainThread: mainThreadSecondsOf(pid) ?? Number.NaN,
    database: postgresPid === undefined ? undefined : cpuSecondsOfTree(postgresPid),
  };
}

function costsOf(before: Cpu, after: Cpu, { requests, clientCores, elapsedMs }: SliceResult): Costs {
  const each = (seconds: number): number => (seconds * 1e6) / requests;
  const mainThread = after.mainThread - before.mainThread;
  return {
    mainThread: each(mainThread),
    otherThreads: each(after.server - before.server - mainThread),
    database:
      after.database === undefined || before.database === undefined
        ? undefined
        : each(after.database - before.database),
    clients: each((clientCores * elapsedMs) / 1000),
  };
}

/** Gives the original file of a function of the bundle by its source map; other files as they are. */
function sourceReader(): (frame: CallFrame) => string {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (!url.startsWith('file:')) return url;
    if (!maps.has(url)) maps.set(url, readMap(`${fileURLToPath(url)}.map`));
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    return entry !== undefined && 'originalSource' in entry ? new URL(entry.originalSource, url).pathname : url;
  };
}

function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function print(
  workload: WorkloadName,
  database: DatabaseKind,
  result: SliceResult,
  costs: Costs,
  shares: Shares,
): void {
  const micro = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(0));
  const lines = [
    `\n### ${workload} on ${database}`,
    '',
    `${result.perSecond.toFixed(0)} requests a second under the profiler; p50 ${result.p50?.toFixed(2)} ms, p99 ${result.p99?.toFixed(2)} ms. Processor time of a`,
    `request: ${micro(costs.mainThread)} µs on the main thread, ${micro(costs.otherThreads)} on the server's other threads, ${micro(costs.database)} in PostgreSQL, ${micro(costs.clients)} in the clients.`,
    '',
    '| the main thread | share of its time | µs a request |',
    '| --- | ---: | ---: |',
    ...[...shares]
      .filter(([, share]) => share >= leastShare)
      // The profiler does not see where our code ends and SQLite, which it calls, begins.
      .map(
        ([name, share]) =>
          [database === 'sqlite' ? name.replace(/storage$/, 'storage, with SQLite') : name, share] as const,
      )
      .map(([name, share]) => `| ${name} | ${percent(share)} | ${((share * 1e6) / result.perSecond).toFixed(1)} |`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.095 ? 1 : 0)} %`;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

let order: Order | undefined;
try {
  order = readOrder(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message.split('\n', 1)[0]}\n\n${usage}`);
  process.exitCode = 2;
}
if (order !== undefined) {
  const watchdog = setTimeout(() => {
    process.stderr.write('The run hangs: given up\n');
    process.exit(2);
  }, 30 * 60_000);
  let databases: Databases | undefined;
  let generator: LoadGenerator | undefined;
  try {
    databases = await openDatabases();
    generator = await startLoadGenerator();
    for (const workload of order.settings.workloads) {
      for (const database of order.databases) await profileOne(databases, generator, order, workload, database);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  } finally {
    clearTimeout(watchdog);
    generator?.stop();
    await databases?.discard();
  }
}
