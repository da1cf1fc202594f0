import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { freePort } from './free-port.ts';
import { startKept } from './kept-process.ts';
import { untilConnectable } from './until-connectable.ts';

/** Debian keeps it where only root looks. */
const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find((name) => spawnSync(name, ['--version']).status === 0);
const isRequired = (process.env.FOYER_TEST_REQUIRE_PGBOUNCER ?? '') !== '';
const isSkipped = program === undefined && !isRequired;
if (isSkipped) console.warn('pgbouncer is not installed: tests that need it are skipped.');

/** Declares a suite that needs PgBouncer. Without it the suite is skipped; with FOYER_TEST_REQUIRE_PGBOUNCER set it fails. */
export const describeWithPgBouncer = describe.skipIf(isSkipped);

/** A real PgBouncer in transaction mode in front of one database. */
export interface PgBouncer {
  /** The database, by way of it. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts one that shares `serverConnections` among all clients; `url` is that of the database itself. */
export async function startPgBouncer(url: string, serverConnections: number): Promise<PgBouncer> {
  if (program === undefined) throw new Error('Install pgbouncer (FOYER_TEST_REQUIRE_PGBOUNCER is set)');
  const { hostname, port, username, password, pathname } = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), 'foyer-pgbouncer-'));
  const ownPort = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  const database = pathname.slice(1);
  writeFileSync(
    config,
    `[databases]
${database} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${serverConnections}
`,
  );
  // It refuses to run as root, and as nobody it must be able to read what is in a folder of root's.
  chmodSync(folder, 0o755);
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const running = await startKept([program, ...asNobody, config]);
  const stop = async (): Promise<void> => {
    await running.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilConnectable({ host: '127.0.0.1', port: ownPort });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://foyer@127.0.0.1:${ownPort}/${database}`, stop };
}
