import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { databaseFile } from './database-file.ts';
import type { Finding } from './doctor.ts';
import { reasonOf } from './explain-error.ts';

const leastFreeMib = 256;

/** The version of Node.js against the one that package.json asks for. */
export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const finding: Finding = { check: 'node', status: 'ok', message: process.version };
  if (major > 20 || (major === 20 && minor >= 19)) return finding;
  return { ...finding, status: 'fail', advice: 'Foyer needs Node.js 20.19 or later' };
}

/** Loads every native module and makes it do a little work; only those that fail are told apart. */
export async function checkNative(): Promise<Finding[]> {
  const modules: Record<string, () => Promise<void>> = {
    'better-sqlite3': async () => {
      const { default: SqliteDatabase } = await import('better-sqlite3');
      new SqliteDatabase(':memory:').close();
    },
    '@node-rs/argon2': async () => {
      const { hash } = await import('@node-rs/argon2');
      await hash('foyer', { memoryCost: 8, timeCost: 1, parallelism: 1 });
    },
    '@node-rs/bcrypt': async () => {
      const { hash } = await import('@node-rs/bcrypt');
      await hash('foyer', 4);
    },
  };
  const check = 'native modules';
  const failures: Finding[] = [];
  for (const [name, use] of Object.entries(modules)) {
    try {
      await use();
    } catch (error) {
      const advice = `run npm ci on this machine (${process.platform}-${process.arch}), with install scripts allowed`;
      failures.push({ check, status: 'fail', message: `${name}: ${reasonOf(error)}`, advice });
    }
  }
  return failures.length > 0 ? failures : [{ check, status: 'ok', message: Object.keys(modules).join(', ') }];
}

/** The folder of an embedded database: can it be written, and is there room; nothing for a database server. */
export function checkFolder(config: Config): Finding[] {
  const file = databaseFile(config);
  if (file === undefined) return [];
  const check = 'data folder';
  const folder = dirname(file);
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is not a folder`);
    accessSync(existing, constants.W_OK | constants.X_OK);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = statfsSync(existing);
    const freeMib = Math.floor((bavail * bsize) / 1024 / 1024);
    const state = existing === folder ? 'is writable' : 'does not exist yet, and can be made';
    const message = `${folder} ${state}; ${freeMib} MiB free`;
    if (freeMib >= leastFreeMib) return [{ check, status: 'ok', message }];
    return [{ check, status: 'warn', message, advice: 'make room: without it every change is refused' }];
  } catch (error) {
    const advice = 'let this user write there, or set FOYER_DATABASE_URL to another place';
    return [{ check, status: 'fail', message: `${folder}: ${reasonOf(error)}`, advice }];
  }
}

/** The address to listen on: free, or in use by this very product. */
export async function checkPort({ host, port }: Config): Promise<Finding> {
  const check = 'port';
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (error === undefined) {
    return { check, status: 'ok', message: port === 0 ? `${host}, any free port` : `${shown} is free` };
  }
  if (error.code !== 'EADDRINUSE') {
    const advice = 'set FOYER_HOST to an address of this machine and FOYER_PORT to a port this user may use';
    return { check, status: 'fail', message: `${shown}: ${reasonOf(error)}`, advice };
  }
  const release = await askRelease(shown.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]'));
  if (release !== undefined) return { check, status: 'ok', message: `${shown} is served by Foyer ${release}` };
  const advice = 'stop the other program, or set FOYER_PORT';
  return { check, status: 'fail', message: `${shown} is in use by another program`, advice };
}

async function askRelease(address: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://${address}/health`, { signal: AbortSignal.timeout(2_000) });
    const { release, database } = (await answer.json()) as { release?: unknown; database?: unknown };
    return typeof release === 'string' && typeof database === 'string' ? release : undefined;
  } catch {
    return undefined;
  }
}

/** The clock against what it must be past: the making of this release, and the latest moment in the database. */
export function checkClock(latest: string | undefined): Finding {
  const check = 'clock';
  const now = new Date().toISOString();
  const isBehind = now < '2026-01-01' || (latest !== undefined && now < latest);
  if (!isBehind) return { check, status: 'ok', message: now };
  const message =
    latest !== undefined && now < latest ? `${now} is before ${latest} in the database` : `${now} is in the past`;
  return { check, status: 'fail', message, advice: 'set the clock; sessions, locks and signatures depend on it' };
}
