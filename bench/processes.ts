import { readdirSync, readFileSync } from 'node:fs';

/** Length of the kernel's clock tick in seconds; 100 a second on every Linux that Node runs on. */
const tickSeconds = 0.01;

/** CPU time that processes have used so far, in seconds; undefined where there is no /proc. */
export function cpuSecondsOf(pids: readonly number[]): number | undefined {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFieldsOf(pid);
    if (fields === undefined) return undefined;
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * tickSeconds;
}

/** CPU time of a process's first thread, on which Node.js runs JavaScript, in seconds. */
export function mainThreadSecondsOf(pid: number): number | undefined {
  const fields = fieldsOf(`/proc/${pid}/task/${pid}/stat`);
  return fields && (Number(fields[11]) + Number(fields[12])) * tickSeconds;
}

/** CPU time of a process and of all its children, the ended ones that it has waited for included. */
export function cpuSecondsOfTree(pid: number): number | undefined {
  const own = statFieldsOf(pid);
  if (own === undefined) return undefined;
  const ended = Number(own[13]) + Number(own[14]);
  const children = cpuSecondsOf(childrenOf(pid).filter((child) => statFieldsOf(child) !== undefined));
  return (cpuSecondsOf([pid]) ?? 0) + (children ?? 0) + ended * tickSeconds;
}

/** How often each child of a process has met a page of memory that it had not mapped yet, by process id. */
export function minorFaultsOfChildren(pid: number): ReadonlyMap<number, number> {
  return new Map(childrenOf(pid).map((child) => [child, Number(statFieldsOf(child)?.[7] ?? 0)]));
}

/** Resident memory of a process in MB (10^6 bytes): now, and the most it ever was; undefined without /proc. */
export function memoryOf(pid: number): { residentMb: number; peakMb: number } | undefined {
  const status = read(`/proc/${pid}/status`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status ?? '')?.[1]);
  const megabytes = (value: number): number => Math.round((value * 1024) / 100_000) / 10;
  return status === undefined ? undefined : { residentMb: megabytes(kib('VmRSS')), peakMb: megabytes(kib('VmHWM')) };
}

export function parentOf(pid: number): number | undefined {
  const fields = statFieldsOf(pid);
  return fields && Number(fields[1]);
}

function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((each) => parentOf(each) === pid);
}

function statFieldsOf(pid: number): string[] | undefined {
  return fieldsOf(`/proc/${pid}/stat`);
}

/** What follows the command in a file like /proc/<pid>/stat; the first is the state. */
function fieldsOf(path: string): string[] | undefined {
  const stat = read(path);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
