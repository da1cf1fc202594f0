import { parseArgs } from 'node:util';
import { type Workload, type WorkloadName, workloads } from './workloads.ts';

/** How long and how hard a run measures. */
export interface Settings {
  isQuick: boolean;
  /** The built Foyer that is measured. */
  server: string;
  /** Customers in the databases, ascending; comparisons with others happen at the first. */
  sizes: number[];
  workloads: WorkloadName[];
  hasPeers: boolean;
  rounds: number;
  coldStarts: number;
  restSeconds: number;
  rampMs: number;
  warmUpMs: number;
  /** On top of it when a server does a kind of work for the first time: fresh code is slow until it is compiled, for seconds. */
  firstWarmUpMs: number;
  /** On top of both, at most, until PostgreSQL's processes have mapped the memory that reads need. */
  mostSettlingMs: number;
  measureMs: Record<Workload['kind'], number>;
  connections: Record<Workload['kind'], number>;
  /** Seconds after which a run should be over; slices shrink to that end. */
  budgetSeconds?: number;
  /** Where the result goes, without an ending; undefined for the usual place. */
  out?: string;
}

const usage = `node bench/run.mjs [--quick] [--no-build]
  --quick             10 thousand customers and short slices: done within a minute
  --sizes 10000,…     sizes of the customer base (default 10000,100000,1000000)
  --only a,b          only these workloads: ${Object.keys(workloads).join(', ')}
  --slice 500         milliseconds of a slice
  --rounds 3          rounds
  --no-peers          without better-auth
  --no-build          measure dist/ as it is instead of this tree
  --out path          write path.json, path.md and path.svg instead of bench/results/<date>.*
`;

/** Reads the command line. Throws an Error that says what is wrong and how it is used. */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parse(args);
  const isQuick = values.quick === true;
  const slice = values.slice === undefined ? undefined : wholeNumber('slice', values.slice);
  const names = values.only?.split(',') ?? Object.keys(workloads);
  const unknown = names.find((name) => !Object.hasOwn(workloads, name));
  if (unknown !== undefined) throw new Error(`There is no workload ${unknown}\n\n${usage}`);
  const sizes = (values.sizes ?? (isQuick ? '10000' : '10000,100000,1000000'))
    .split(',')
    .map((size) => wholeNumber('sizes', size));
  return {
    isQuick,
    server: values['no-build'] === true ? 'dist/main.js' : 'node_modules/.cache/bench/foyer/main.js',
    sizes: [...new Set(sizes)].sort((a, b) => a - b),
    // In the order of the full run, whatever order was asked for: searches would not find whom updates renamed.
    workloads: (Object.keys(workloads) as WorkloadName[]).filter((name) => names.includes(name)),
    hasPeers: values['no-peers'] !== true,
    rounds: values.rounds === undefined ? 3 : wholeNumber('rounds', values.rounds),
    coldStarts: isQuick ? 2 : 7,
    restSeconds: isQuick ? 1 : 5,
    rampMs: isQuick ? 30 : 300,
    warmUpMs: isQuick ? 200 : 5_000,
    firstWarmUpMs: isQuick ? 300 : 4_000,
    mostSettlingMs: isQuick ? 0 : 20_000,
    measureMs: isQuick
      ? { read: slice ?? 150, search: slice ?? 150, write: slice ?? 150, hash: slice ?? 400 }
      : { read: slice ?? 2_000, search: slice ?? 2_000, write: slice ?? 2_000, hash: slice ?? 3_000 },
    // Hashes need no more clients than keep every CPU busy; fifty writers are what the bar for commits asks for.
    connections: { read: 20, search: 4, write: 50, hash: isQuick ? 4 : 8 },
    budgetSeconds: isQuick && slice === undefined ? 48 : undefined,
    out: values.out,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean' },
        sizes: { type: 'string' },
        only: { type: 'string' },
        slice: { type: 'string' },
        rounds: { type: 'string' },
        'no-peers': { type: 'boolean' },
        'no-build': { type: 'boolean' },
        out: { type: 'string' },
      },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`);
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`--${name}: ${text} is not a whole number from 1\n\n${usage}`);
  return Number(text);
}

/** Shortens or stretches slices so that `slices` of them, by kind, take about `seconds`. */
export function fitInto(
  settings: Settings,
  seconds: number,
  slices: Partial<Record<Workload['kind'], number>>,
): Settings {
  const { rounds, rampMs, warmUpMs, measureMs } = settings;
  let plannedMs = 0;
  for (const [kind, count] of Object.entries(slices) as [Workload['kind'], number][]) {
    plannedMs += count * (warmUpMs + rounds * (rampMs + measureMs[kind] + drainMs[kind]));
  }
  const share = Math.min(1.5, Math.max(0.4, (seconds * 1000) / plannedMs));
  const shrunk = (ms: number, least = 0): number => Math.max(least, Math.round(ms * share));
  return {
    ...settings,
    rampMs: shrunk(rampMs),
    warmUpMs: shrunk(warmUpMs, 150),
    measureMs: {
      read: shrunk(measureMs.read, 100),
      search: shrunk(measureMs.search, 100),
      write: shrunk(measureMs.write, 100),
      hash: shrunk(measureMs.hash, 250),
    },
  };
}

/** What the last answers of a slice and its beginning cost on top. */
const drainMs: Record<Workload['kind'], number> = { read: 15, search: 30, write: 30, hash: 150 };
