import { fork } from 'node:child_process';
import { once } from 'node:events';
import { guard } from './children.ts';
import { median } from './latency.ts';
import type { SliceOrder, SliceResult } from './load.ts';
import { cpuSecondsOf, cpuSecondsOfTree, minorFaultsOfChildren } from './processes.ts';
import type { Settings } from './settings.ts';
import type { ServerTarget, Target } from './targets.ts';
import { type WorkloadName, workloadOf } from './workloads.ts';

/** One slice as measured from both sides; cores are CPU seconds per second. */
export interface Round extends Omit<SliceResult, 'elapsedMs'> {
  serverCores?: number;
  databaseCores?: number;
}

/** What one target did under one workload: the rounds and their medians. */
export interface Cell {
  workload: WorkloadName;
  target: string;
  connections: number;
  rounds: Round[];
  /** Undefined when refused. */
  perSecond?: number;
  p50?: number;
  p95?: number;
  p99?: number;
  requests: number;
  errors: number;
  serverCores?: number;
  databaseCores?: number;
  clientCores?: number;
  /** Why there is no figure. */
  refused?: string;
}

/** The other process, in which the clients are. */
export interface LoadGenerator {
  run(order: SliceOrder): Promise<SliceResult>;
  stop(): void;
}

export async function startLoadGenerator(): Promise<LoadGenerator> {
  const child = fork('node_modules/.cache/bench/load.mjs', { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const log = guard(child);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The load generator ended: ${log()}`)));
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    run: async (order) => {
      child.send(order);
      const [result] = (await Promise.race([once(child, 'message'), ended])) as [SliceResult];
      return result;
    },
    stop: () => child.kill(),
  };
}

export interface Measuring {
  /** Targets with the kind of work that they have done before; to read warms up no code that writes. */
  warmed: Set<string>;
  generator: LoadGenerator;
  settings: Settings;
  postgresPid: number | undefined;
  /** See `Databases`: the system may take memory back that nobody asked for lately. */
  readIn(): Promise<void>;
  say(line: string): void;
}

/**
 * Runs one workload on all its targets in short slices, A B C, A B C, A B C, each round beginning with another, so that
 * whatever the machine does meanwhile meets all alike. Every target is warmed up before the first round.
 */
export async function measureWorkload(
  { warmed, generator, settings, postgresPid, readIn, say }: Measuring,
  workload: WorkloadName,
  targets: readonly Target[],
): Promise<Cell[]> {
  const { kind, title } = workloadOf(workload);
  const connections = settings.connections[kind];
  const postgresOf = (target: Target): number | undefined =>
    target.kind !== 'raw' && target.database === 'postgres' ? postgresPid : undefined;
  const slice = async (target: Target, rampMs: number, measureMs: number): Promise<Round> => {
    const pids = target.kind === 'raw' ? [target.pid] : target.processes.map(({ pid }) => pid);
    const serverPid = postgresOf(target);
    const readCpu = () => [cpuSecondsOf(pids), serverPid && cpuSecondsOfTree(serverPid)] as const;
    const [serverBefore, databaseBefore] = readCpu();
    const start = performance.now();
    const result =
      target.kind === 'raw'
        ? await target.run(measureMs)
        : await generator.run(orderFor(target, workload, connections, rampMs, measureMs));
    const seconds = (performance.now() - start) / 1000;
    const [serverAfter, databaseAfter] = readCpu();
    const { elapsedMs: _, ...figures } = result;
    return {
      ...figures,
      serverCores: coresOf(serverBefore, serverAfter, seconds),
      databaseCores: coresOf(databaseBefore, databaseAfter, seconds),
    };
  };
  /** Each process of PostgreSQL maps the common memory page by page, as it comes to it: not what a read costs once it has. */
  const settle = async (target: Target): Promise<void> => {
    const serverPid = postgresOf(target);
    if (serverPid === undefined || kind !== 'read') return;
    for (let spentMs = 0; spentMs < settings.mostSettlingMs; spentMs += settlingStepMs) {
      const before = minorFaultsOfChildren(serverPid);
      const { requests } = await slice(target, 0, settlingStepMs);
      let faults = 0;
      for (const [pid, count] of minorFaultsOfChildren(serverPid)) faults += count - (before.get(pid) ?? count);
      if (faults <= requests * toleratedFaults) return;
    }
  };
  const rounds = new Map<Target, Round[]>(targets.map((target) => [target, []]));
  await readIn();
  for (const target of targets) {
    const code = `${target.name} ${kind}`;
    const isNew = kind !== 'hash' && !warmed.has(code);
    warmed.add(code);
    await slice(target, 0, settings.warmUpMs + (isNew ? settings.firstWarmUpMs : 0));
    await settle(target);
  }
  for (let round = 1; round <= settings.rounds; round += 1) {
    await readIn();
    for (let turn = 0; turn < targets.length; turn += 1) {
      const target = targets[(turn + round - 1) % targets.length]!;
      const figures = await slice(target, settings.rampMs, settings.measureMs[kind]);
      rounds.get(target)!.push(figures);
      const fault = figures.errors === 0 ? '' : `  ${figures.errors} ERRORS ${figures.firstError ?? ''}`;
      const [rate, p50] = [figures.perSecond.toFixed(0).padStart(7), (figures.p50 ?? Number.NaN).toFixed(2)];
      say(`  ${round}/${settings.rounds}  ${title}  ${target.name.padEnd(30)} ${rate}/s  p50 ${p50} ms${fault}`);
    }
  }
  return targets.map((target) => toCell(workload, target.name, connections, rounds.get(target)!));
}

function orderFor(
  { kind, processes, dataKey, facts }: ServerTarget,
  workload: WorkloadName,
  connections: number,
  rampMs: number,
  measureMs: number,
): SliceOrder {
  return { workload, kind, urls: processes.map(({ url }) => url), dataKey, facts, connections, rampMs, measureMs };
}

function coresOf(before: number | undefined, after: number | undefined, seconds: number): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / seconds;
}

const settlingStepMs = 1_000;
/** Pages a request that are not mapped yet; each takes about a microsecond. */
const toleratedFaults = 0.1;

/** More wrong answers than this share, and what was measured is not the workload. */
const toleratedErrors = 0.001;

function toCell(workload: WorkloadName, target: string, connections: number, rounds: Round[]): Cell {
  const requests = rounds.reduce((sum, round) => sum + round.requests, 0);
  const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
  const cell: Cell = { workload, target, connections, rounds, requests, errors };
  if (errors > requests * toleratedErrors) {
    const example = rounds.find(({ firstError }) => firstError !== undefined)?.firstError;
    return { ...cell, refused: `${errors} wrong answers to ${requests} requests: ${example ?? ''}` };
  }
  if (rounds.some((round) => round.requests === 0)) return { ...cell, refused: 'a slice without any answer' };
  const middle = (figure: (round: Round) => number | undefined) =>
    median(rounds.flatMap((round) => figure(round) ?? []));
  return {
    ...cell,
    perSecond: middle((round) => round.perSecond),
    p50: middle((round) => round.p50),
    p95: middle((round) => round.p95),
    p99: middle((round) => round.p99),
    serverCores: middle((round) => round.serverCores),
    databaseCores: middle((round) => round.databaseCores),
    clientCores: middle((round) => round.clientCores),
  };
}
