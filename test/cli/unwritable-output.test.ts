import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { freePort } from '../free-port.ts';
import { bundledBinary, eventually } from './run-foyer.ts';

const foyer = bundledBinary();

/** Starts the program with standard output on a device that is always full. */
function startOnFullDisk(args: readonly string[], env: Record<string, string> = {}) {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [foyer.program, ...args], {
    cwd: foyer.folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  return { child, stderr: text(child.stderr!), ended: once(child, 'exit') as Promise<[number | null]> };
}

describe('a program whose standard output cannot be written', () => {
  it('goes on serving, and ends when it is told to', async () => {
    const port = String(await freePort());
    const { child, ended } = startOnFullDisk(['serve'], { FOYER_PORT: port, FOYER_LOG_REQUESTS: 'all' });
    const statusOf = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        ({ status }) => status,
        () => 0,
      );
    try {
      await eventually(async () => (await statusOf('/readyz')) === 200);
      for (let count = 0; count < 60; count += 1) expect(await statusOf('/nowhere')).toBe(404);
      child.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('ends also where the last thing that it does is to write its log', async () => {
    const { ended } = startOnFullDisk(['serve'], { FOYER_PORT: '1', FOYER_HOST: '192.0.2.1' });
    expect((await ended)[0]).toBe(2);
  });

  it('says so in one sentence, and that what it did is done', async () => {
    const { stderr, ended } = startOnFullDisk(['key', 'create', 'shop', '--scope', 'customer_read']);
    expect((await ended)[0]).toBe(1);
    expect(await stderr).toMatch(
      /^foyer: standard output cannot be written \(ENOSPC\); what the command did is done\.$/m,
    );
    expect(await stderr).not.toMatch(/^ {4}at /m);
  });
});

describe('a program whose standard error cannot be written', () => {
  it('does what it was told to, and says on standard output that it did', async () => {
    const full = openSync('/dev/full', 'w');
    const to = `sqlite:${foyer.folder}/moved.db`;
    await foyer.run(['migrate']);
    const child = spawn(
      process.execPath,
      [foyer.program, 'db', 'move', '--from', `sqlite:${foyer.folder}/data/foyer.db`, '--to', to, '--offline'],
      { cwd: foyer.folder, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', full] },
    );
    closeSync(full);
    const [stdout, [code]] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Both databases hold the same')]);
  });
});

describe('foyer key create', () => {
  it('makes nothing of an empty database for a website that is not there, or without a name', async () => {
    const env = { FOYER_DATABASE_URL: `sqlite:${foyer.folder}/empty.db` };
    const scope = ['--scope', 'customer_read'];
    expect((await foyer.run(['key', 'create', 'shop', ...scope, '--website', 'tickets'], env)).code).not.toBe(0);
    expect((await foyer.run(['key', 'create', ' ', ...scope], env)).code).not.toBe(0);
    const { document } = await foyer.json(['topology', 'show'], env);
    expect(document).toMatchObject({ is_stored: false });
  });
});

describe('foyer outbox list --by-code', () => {
  it('refuses what would choose among the rows, since it counts them all', async () => {
    const { code, stderr } = await foyer.run(['outbox', 'list', '--by-code', '--state', 'dead']);
    expect(code).toBe(2);
    expect(stderr).toContain("'--by-code' cannot be used with option '--state <state>'");
  });
});

describe('a program whose reader goes away', () => {
  /** Closes standard output before anything can be written. */
  async function codeOf(args: readonly string[], env: Record<string, string> = {}): Promise<number | null> {
    const child = spawn(process.execPath, [foyer.program, ...args], {
      cwd: foyer.folder,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout?.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  it.each([[['--help']], [['--version']], [['key', '--help']]])('ends with 0 where all was said: %j', async (args) => {
    expect(await codeOf(args)).toBe(0);
  });
});
