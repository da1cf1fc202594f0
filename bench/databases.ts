import { copyFileSync, createReadStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { givenOrOwnPostgres } from '../test/postgres.ts';
import { parentOf } from './processes.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Where the databases of a run live; all of it is removed by `discard`. */
export interface Databases {
  /** Folder of the SQLite files. */
  readonly directory: string;
  /** Process id of the PostgreSQL server; undefined when it is not on this machine or there is no /proc. */
  readonly postgresPid: number | undefined;
  /** Server version and the settings that matter here. */
  readonly postgresFacts: Record<string, string>;
  /** Makes an empty database and gives its address. */
  create(kind: DatabaseKind, name: string): Promise<string>;
  /** Makes a second database with what the first, to which nobody may be connected, holds. */
  copy(url: string, name: string): Promise<string>;
  /** Reads all databases once, so that they are in memory: the files with the operating system, PostgreSQL's in its buffers. */
  readIn(): Promise<void>;
  discard(): Promise<void>;
}

/** More than any database of the benchmark. */
const mostBufferMegabytes = 4096;

/** What PostgreSQL's manual says to begin with: a quarter of the memory. Its default is meant for small machines. */
function bufferMegabytes(): number {
  return Math.min(mostBufferMegabytes, Math.floor(totalmem() / 4 / 2 ** 20));
}

/** Starts a PostgreSQL of our own, synced commits included, and makes a folder for SQLite on the disk of this repository. */
export async function openDatabases(): Promise<Databases> {
  // Not the system's temporary folder: where that is memory, a commit that reaches "the disk" costs nothing.
  mkdirSync('bench/results/tmp', { recursive: true });
  const directory = mkdtempSync(join('bench/results/tmp', 'run-'));
  // A run that is broken off leaves nothing behind; PostgreSQL's files go with its guard.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const server = await givenOrOwnPostgres({ shared_buffers: `${bufferMegabytes()}MB` });
  const names: string[] = [];
  const urlOf = (database: string): string => Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  const onServer: OnServer = async (statement, database) => {
    const client = new pg.Client({ connectionString: database === undefined ? server.url : urlOf(database) });
    await client.connect();
    try {
      return await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const create = async (name: string, template: string): Promise<string> => {
    const database = `bench_${process.pid}_${name.replaceAll('-', '_')}`;
    await onServer(`create database ${database} template ${template}`);
    names.push(database);
    return urlOf(database);
  };
  const { rows: facts } = await onServer(
    `select name, current_setting(name) as value from pg_settings where name in
     ('server_version', 'shared_buffers', 'fsync', 'synchronous_commit', 'max_connections', 'wal_sync_method', 'data_directory')`,
  );
  const postgresFacts: Record<string, string> = Object.fromEntries(
    facts.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  const postgresPid = await serverPid(server.url);
  return {
    directory,
    postgresPid,
    postgresFacts,
    readIn: async () => {
      await readFiles(directory);
      for (const name of names) {
        // A server that is not ours may not let us; the run goes on, and whoever reads its figures is told.
        await prewarm(onServer, name).catch((error: Error) => console.warn(`${name} is not read in: ${error.message}`));
      }
    },
    create: (kind, name) =>
      kind === 'sqlite' ? Promise.resolve(`sqlite:${join(directory, `${name}.db`)}`) : create(name, 'template1'),
    copy: async (url, name) => {
      if (!url.startsWith('sqlite:')) return create(name, new URL(url).pathname.slice(1));
      const path = join(directory, `${name}.db`);
      copyFileSync(url.slice('sqlite:'.length), path);
      return `sqlite:${path}`;
    },
    discard: async () => {
      for (const name of names) await onServer(`drop database if exists ${name} with (force)`).catch(() => undefined);
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The server is the parent of the process that serves a connection: looked up while that one is there. */
async function serverPid(connectionString: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    return parentOf(rows[0].pid);
  } finally {
    await client.end();
  }
}

type OnServer = (statement: string, database?: string) => Promise<pg.QueryResult>;

/** Reads the tables and indexes of a database into the server's buffers; what is there already costs next to nothing. */
async function prewarm(onServer: OnServer, database: string): Promise<void> {
  await onServer('create extension if not exists pg_prewarm', database);
  const relations = `select oid from pg_class where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace`;
  await onServer(`select sum(pg_prewarm(oid)) from (${relations}) as relations`, database);
}

async function readFiles(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const chunks = createReadStream(join(entry.path, entry.name), { highWaterMark: 1 << 20 });
    for await (const _chunk of chunks);
  }
}
