import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What a figure depends on and nobody remembers later. */
export function describeMachine(directories: Record<string, string>): Record<string, unknown> {
  return {
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim(),
    cpus: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    loadBefore: loadavg().map((load) => Math.round(load * 100) / 100),
    node: process.version,
    filesystems: Object.fromEntries(Object.entries(directories).map(([name, path]) => [name, filesystemOf(path)])),
    commit: git('rev-parse', '--short', 'HEAD'),
    isWorkTreeClean: git('status', '--porcelain', '--untracked-files=no') === '',
    versions: {
      foyer: versionIn('package.json'),
      'better-auth': versionIn('bench/peers/node_modules/better-auth/package.json'),
      'better-sqlite3': versionIn('node_modules/better-sqlite3/package.json'),
      pg: versionIn('node_modules/pg/package.json'),
      '@node-rs/argon2': versionIn('node_modules/@node-rs/argon2/package.json'),
    },
  };
}

const knownFilesystems: Record<string, string> = {
  '1021994': 'tmpfs (memory: commits cost nothing here)',
  ef53: 'ext',
  '58465342': 'xfs',
  '9123683e': 'btrfs',
  '794c7630': 'overlay',
};

function filesystemOf(path: string): string {
  try {
    const type = statfsSync(path).type.toString(16);
    return knownFilesystems[type] ?? `0x${type}`;
  } catch {
    return 'unknown';
  }
}

function versionIn(path: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
