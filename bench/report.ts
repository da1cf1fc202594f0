import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Bar, Footprint } from './bars.ts';
import { median } from './latency.ts';
import type { Cell } from './measure.ts';
import { plot } from './plot.ts';
import type { Settings } from './settings.ts';
import { workloadOf } from './workloads.ts';

/** All that a run found out. */
export interface Report {
  date: string;
  seconds: number;
  machine: Record<string, unknown>;
  settings: Settings & Record<string, unknown>;
  seedSeconds: Record<string, number>;
  footprints: Footprint[];
  cells: Cell[];
  bars: Bar[];
  /** What a reader of the figures must know. */
  warnings: string[];
}

/** Limits that work by themselves: no clients ask them. */
const rawLimits: readonly string[] = ['limit-hashing', 'limit-commits'];

/** Writes `<path>.json`, `.md` and `.svg`. */
export function writeReport(path: string, report: Report): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.json`, `${JSON.stringify(report, (_key, value) => rounded(value), 2)}\n`);
  writeFileSync(`${path}.md`, markdown(report, `${basename(path)}.svg`));
  writeFileSync(`${path}.svg`, plot(report.cells));
}

/** The bars as lines for a terminal. */
export function barLines(bars: readonly Bar[]): string[] {
  const width = Math.max(...bars.map(({ name }) => name.length));
  const marks = { met: 'met   ', missed: 'MISSED', 'not measured': '-     ', 'no bar': '      ' };
  return bars.map(
    (bar) => `${marks[bar.verdict]}  ${bar.name.padEnd(width)}  ${shownValue(bar)}  (${shownBound(bar)})`,
  );
}

function shownValue({ value, unit }: Bar): string {
  if (value === undefined) return '-';
  return unit === 'times' ? `${value.toFixed(2)}x` : `${value.toFixed(unit === 's' ? 2 : 0)} ${unit}`;
}

function shownBound({ direction, threshold, unit }: Bar): string {
  if (threshold === undefined) return 'no bar';
  return `${direction === 'least' ? '≥' : '≤'} ${threshold}${unit === 'times' ? '' : ` ${unit}`}`;
}

function markdown(report: Report, svg: string): string {
  const { bars, cells, footprints, warnings, machine, settings } = report;
  const sections = [
    `# Benchmark of ${report.date}`,
    `${settings.isQuick ? 'A quick run: short slices, one size; a look, not a record. ' : ''}${Math.round(report.seconds)} s in all. How it is measured and what each figure means: bench/README.md.`,
    `![Requests per second](${svg})`,
    ...(warnings.length === 0 ? [] : ['## Mind', warnings.map((warning) => `- ${warning}`).join('\n')]),
    '## Bars',
    table(
      ['bar', 'measured', 'bound', 'verdict', 'compared'],
      bars.map((bar) => [
        bar.name,
        shownValue(bar),
        shownBound(bar),
        bar.verdict === 'missed' ? '**missed**' : bar.verdict,
        bar.detail,
      ]),
      'lrrll',
    ),
    '## Workloads',
    ...[...new Set(cells.map(({ workload }) => workload))].flatMap((workload) => [
      `### ${workloadOf(workload).title}`,
      workloadTable(cells.filter((cell) => cell.workload === workload)),
    ]),
    '## Start and memory',
    table(
      ['server', 'ready, ms', 'at rest, MB', 'most under load, MB'],
      footprints.map(({ target, readyMs, restMb, peakMb }) => [
        target,
        readyMs === undefined ? '' : fixed(median(readyMs), 0),
        fixed(restMb, 0),
        fixed(peakMb, 0),
      ]),
      'lrrr',
    ),
    '## Machine and settings',
    `\`\`\`json\n${JSON.stringify({ machine, settings, seedSeconds: report.seedSeconds }, (_key, value) => rounded(value), 2)}\n\`\`\``,
  ];
  return `${sections.join('\n\n')}\n`;
}

function workloadTable(cells: readonly Cell[]): string {
  return table(
    [
      'on',
      'clients',
      'requests/s',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'errors',
      'server cores',
      'database cores',
      'client cores',
    ],
    cells.map((cell) => [
      cell.refused === undefined
        ? cell.target
        : `${cell.target} (refused: ${cell.refused.replaceAll('|', '\\|').slice(0, 200)})`,
      rawLimits.includes(cell.target) ? '' : String(cell.connections),
      fixed(cell.perSecond, cell.perSecond !== undefined && cell.perSecond < 100 ? 1 : 0),
      fixed(cell.p50, 2),
      fixed(cell.p95, 2),
      fixed(cell.p99, 2),
      `${cell.errors} of ${cell.requests}`,
      fixed(cell.serverCores, 2),
      fixed(cell.databaseCores, 2),
      fixed(cell.clientCores, 2),
    ]),
    'lrrrrrrrrr',
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[], alignment: string): string {
  const line = (values: readonly string[]): string => `| ${values.join(' | ')} |`;
  const rule = [...alignment].map((letter) => (letter === 'r' ? '---:' : '---'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1000) / 1000 : value;
}
