import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from './bars.ts';
import { type Databases, openDatabases } from './databases.ts';
import { footprintsOf, measureColdStarts, measureMemory } from './footprint.ts';
import { type Lineup, seedDatabases, startLineup, targetNamesOf } from './lineup.ts';
import { describeMachine } from './machine.ts';
import { type Cell, type LoadGenerator, measureWorkload, startLoadGenerator } from './measure.ts';
import { barLines, type Report, writeReport } from './report.ts';
import { fitInto, readSettings, type Settings } from './settings.ts';
import { foyerSettings, type Target } from './targets.ts';
import { type Workload, type WorkloadName, workloadOf } from './workloads.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Seeds, starts, measures, judges and writes; what it started is gone when it returns, however it returns. */
async function run(settings: Settings): Promise<boolean> {
  const begin = performance.now();
  const date = new Date().toISOString();
  let databases: Databases | undefined;
  let lineup: Lineup | undefined;
  let generator: LoadGenerator | undefined;
  try {
    databases = await openDatabases();
    const machine = describeMachine({
      sqlite: databases.directory,
      postgres: databases.postgresFacts.data_directory ?? databases.directory,
    });
    const seeded = await seedDatabases(databases, settings, say);
    const base = { sqlite: seeded.foyer.get('foyer-sqlite')!, postgres: seeded.foyer.get('foyer-postgres')! };
    const ready = await measureColdStarts(base, settings.isQuick ? new Map() : seeded.peers, settings);
    for (const [name, times] of ready) say(`${name} ready after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    lineup = await startLineup(databases, seeded, settings);
    await sleep(settings.restSeconds * 1000);
    const atRest = measureMemory(lineup.targets.values());
    generator = await startLoadGenerator();
    const fitted = withinBudget(settings, lineup, begin);
    const cells = await measureAll(fitted, lineup, generator, databases, begin);
    const footprints = footprintsOf(ready, atRest, measureMemory(lineup.targets.values()));
    const bars = judge(cells, footprints, settings);
    const report: Report = {
      date,
      seconds: (performance.now() - begin) / 1000,
      machine: { ...machine, postgres: databases.postgresFacts },
      settings: { ...fitted, foyer: foyerSettings },
      seedSeconds: lineup.seedSeconds,
      footprints,
      cells,
      bars,
      warnings: warningsOf(cells, machine),
    };
    const path = settings.out ?? `bench/results/${date.slice(0, 10)}${settings.isQuick ? '-quick' : ''}`;
    writeReport(path, report);
    say(`\n${barLines(bars).join('\n')}`);
    for (const warning of report.warnings) say(`mind: ${warning}`);
    say(`\n${path}.json, .md and .svg written after ${Math.round(report.seconds)} s`);
    return bars.every(({ verdict }) => verdict !== 'missed');
  } finally {
    generator?.stop();
    await lineup?.stop();
    await databases?.discard();
  }
}

/** A run with a budget has what is left of it for slices. */
function withinBudget(settings: Settings, lineup: Lineup, begin: number): Settings {
  if (settings.budgetSeconds === undefined) return settings;
  const slices: Partial<Record<Workload['kind'], number>> = {};
  for (const workload of settings.workloads) {
    const { kind } = workloadOf(workload);
    slices[kind] = (slices[kind] ?? 0) + targetsOf(workload, settings, lineup).length;
  }
  return fitInto(settings, settings.budgetSeconds - (performance.now() - begin) / 1000, slices);
}

function targetsOf(workload: WorkloadName, settings: Settings, lineup: Lineup): Target[] {
  return targetNamesOf(workload, settings).flatMap((name) => lineup.targets.get(name) ?? []);
}

async function measureAll(
  settings: Settings,
  lineup: Lineup,
  generator: LoadGenerator,
  databases: Databases,
  begin: number,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  const { postgresPid } = databases;
  // A quick run has ten thousand customers and is over before the system takes anything back: once is enough.
  if (settings.isQuick) await databases.readIn();
  const readIn = settings.isQuick ? () => Promise.resolve() : databases.readIn;
  const measuring = { warmed: new Set<string>(), generator, settings, postgresPid, readIn, say };
  for (const workload of settings.workloads) {
    const targets = targetsOf(workload, settings, lineup);
    say(`${workload} on ${targets.length} targets, ${((performance.now() - begin) / 1000).toFixed(0)} s into the run`);
    cells.push(...(await measureWorkload(measuring, workload, targets)));
  }
  return cells;
}

/** A figure is the server's only if the clients had time to spare. */
function warningsOf(cells: readonly Cell[], machine: Record<string, unknown>): string[] {
  const warnings = cells
    .filter(({ clientCores = 0, serverCores = 0 }) => clientCores > 0.9 && clientCores > serverCores)
    .map(({ workload, target }) => `${workload} on ${target}: the clients were busier than the server`);
  if (JSON.stringify(machine.filesystems).includes('tmpfs'))
    warnings.push('a database was in memory: no commit was synced');
  const [load = 0] = machine.loadBefore as number[];
  if (load > 0.7) warnings.push(`the machine was busy with something else before the run (load ${load})`);
  return warnings;
}

/** Far more than a run needs, even on a busy machine. */
function watchdogMs({ isQuick }: Settings): number {
  return (isQuick ? 5 : 75) * 60_000;
}

// Leaving by `exit` takes all children along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

try {
  const settings = readSettings(process.argv.slice(2));
  if (settings.hasPeers && !existsSync('bench/peers/node_modules/better-auth')) {
    throw new Error('The peer is not installed: run `npm ci --prefix bench/peers`, or leave it out with --no-peers');
  }
  const watchdog = setTimeout(() => {
    process.stderr.write('The run hangs: given up\n');
    process.exit(2);
  }, watchdogMs(settings));
  if (!(await run(settings))) process.exitCode = 1;
  clearTimeout(watchdog);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
