import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/storage/index.ts';
import { addCustomer, at, updateById } from '../fixtures.ts';

const root = resolve(import.meta.dirname, '../..');

/** Writes customers for ever, several at a time, and says which were acknowledged; or says why one was not. */
const writer = `
  import { writeSync } from 'node:fs';
  import { openStore } from './src/storage/index.ts';
  import { newCustomer } from './test/fixtures.ts';

  const store = openStore({ url: process.argv[2], poolSize: 1, statementTimeoutMs: 10_000 });
  await store.migrate();
  const write = async (): Promise<void> => {
    for (;;) {
      const customer = newCustomer({ notes: 'x'.repeat(500) });
      try {
        await store.transaction(({ customers }) => customers.insert(customer));
      } catch (error) {
        writeSync(1, 'refused ' + (error as { code?: string }).code + '\\n');
        return;
      }
      writeSync(1, 'acknowledged ' + customer.email + '\\n');
    }
  };
  await Promise.all([write(), write(), write(), write()]);
  writeSync(1, 'reads ' + (await store.customers.countAll()) + '\\n');
`;

describe('a SQLite file', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'foyer-durability-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    await build({
      stdin: { contents: writer, resolveDir: root, loader: 'ts' },
      outfile: join(folder, 'writer.mjs'),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the writer; `onLine` sees what it says and may end it. Gives all its lines once it has gone. */
  async function runWriter(command: string[], onLine: (count: number, kill: () => void) => void): Promise<string[]> {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      onLine(lines.length, () => child.kill('SIGKILL'));
    }
    return lines;
  }

  const wordsAfter = (lines: string[], word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  async function expectAllThere(url: string, emails: string[]): Promise<void> {
    const store = openStore({ url, poolSize: 1, statementTimeoutMs: 10_000 });
    try {
      const found = await Promise.all(emails.map((email) => store.customers.findByEmail(1, email)));
      expect(found.filter((one) => one === undefined)).toEqual([]);
      await addCustomer(store);
    } finally {
      await store.close();
    }
  }

  it('keeps every acknowledged customer when the process is killed', async () => {
    const url = `sqlite:${join(folder, 'killed.db')}`;
    const lines = await runWriter([process.execPath, join(folder, 'writer.mjs'), url], (count, kill) => {
      if (count === 60) kill();
    });
    const emails = wordsAfter(lines, 'acknowledged');
    expect(emails.length).toBeGreaterThanOrEqual(60);
    expect(wordsAfter(lines, 'refused')).toEqual([]);
    await expectAllThere(url, emails);
  });

  // A limit on the size of files stands for a full disk: the write that would pass it fails in the same place.
  it.runIf(process.platform === 'linux')(
    'that cannot grow refuses as unavailable, keeps what it acknowledged and still reads',
    async () => {
      const url = `sqlite:${join(folder, 'full.db')}`;
      const limited = `trap '' XFSZ; ulimit -f 1200; exec "$@"`;
      const command = ['/bin/bash', '-c', limited, 'bash', process.execPath, join(folder, 'writer.mjs'), url];
      const lines = await runWriter(command, (count, kill) => {
        if (count > 20_000) kill();
      });
      const emails = wordsAfter(lines, 'acknowledged');
      expect(emails.length).toBeGreaterThan(10);
      expect(wordsAfter(lines, 'refused')).toEqual(Array(4).fill('storage_unavailable'));
      expect(wordsAfter(lines, 'reads')).toEqual([String(emails.length)]);
      await expectAllThere(url, emails);
    },
  );

  it.runIf(process.platform === 'linux')('is all that a large transaction writes to, and its log', async () => {
    const path = join(folder, 'alone.db');
    const store = openStore({ url: `sqlite:${path}`, poolSize: 1, statementTimeoutMs: 10_000 });
    // What SQLite would put back is kept page by page, and goes through a nameless file when it is left to itself.
    const strays = () =>
      readdirSync('/proc/self/fd').flatMap((descriptor) => {
        try {
          const file = readlinkSync(`/proc/self/fd/${descriptor}`);
          return file.includes('etilqs_') ? [file] : [];
        } catch {
          return [];
        }
      });
    try {
      await store.migrate();
      const ids: number[] = [];
      for (let count = 0; count < 200; count += 1) ids.push(await addCustomer(store, { notes: 'x'.repeat(500) }));
      await store.transaction(async ({ customers }) => {
        for (const id of ids) await updateById(customers, id, { notes: 'y'.repeat(500) }, at(1));
        expect(strays()).toEqual([]);
      });
    } finally {
      await store.close();
    }
  });
});
