import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-code.ts';
import { commandLine } from '../../src/cli/index.ts';
import { bundledBinary, type Served } from './run-foyer.ts';

const docs = resolve(import.meta.dirname, '../../docs');
const page = readFileSync(join(docs, 'cli.md'), 'utf8');

/** A command of the page and what it prints, both streams together; `…` stands for anything. */
interface Example {
  command: string;
  expected: string;
  code: number;
  /** True when it, or one before it in the same fence, calls the server with curl. */
  needsCurl: boolean;
}

const fences = [...page.matchAll(/^```shell-session\n(.*?)^```/gms)].map(([, text]) => text!);
const examples = fences.flatMap((fence) =>
  fence
    .split(/^\$ /m)
    .slice(1)
    .map((text): Example => {
      const [command = '', ...lines] = text.split('\n');
      const code = /^\(exit code (\d)\)$/m.exec(text)?.[1];
      const expected = lines.filter((line) => !line.startsWith('(exit code')).join('\n');
      return { command, expected, code: Number(code ?? 0), needsCurl: fence.includes('$ curl ') };
    }),
);

describe('docs/cli.md', () => {
  const foyer = bundledBinary();
  let folder: string;
  let demo: Served;

  beforeAll(async () => {
    folder = mkdtempSync(join(foyer.folder, 'docs-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin', 'foyer'), `#!/bin/sh\nexec '${process.execPath}' '${foyer.program}' "$@"\n`, {
      mode: 0o755,
    });
    copyFileSync(join(docs, 'topology.example.yaml'), join(folder, 'topology.yaml'));
    demo = await foyer.serve('demo');
  });
  afterAll(async () => {
    demo.kill('SIGTERM');
    await demo.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  // From top to bottom in one folder: later ones show what earlier ones did.
  const hasCurl = spawnSync('curl', ['--version']).status === 0;
  it.each(examples.filter(({ needsCurl }) => hasCurl || !needsCurl))(
    'is right about $command',
    async ({ command, expected, code }) => {
      const data = /^ +data +(\S+)$/m.exec(demo.stdout())?.[1] ?? '';
      const here = command.replace('/tmp/foyer-demo-…', data).replace('http://127.0.0.1:8080', demo.url);
      const { output, exitCode } = await runInShell(here, folder);
      expect(output.trimEnd()).toMatch(patternOf(expected.trimEnd()));
      expect(exitCode).toBe(code);
    },
  );

  it('has an example of every command, and every exit code', () => {
    const shown = examples.map(({ command }) => command).join('\n');
    for (const name of ['migrate', 'topology apply', 'topology show', 'key create', 'key list', 'key revoke']) {
      expect(shown).toContain(`foyer ${name}`);
    }
    for (const name of [
      'customer show',
      'customer history',
      'link show',
      'link reconcile',
      'link backfill',
      'link resume',
      'outbox list',
      'outbox show',
      'outbox replay',
      'outbox discard',
      'maintenance',
      'doctor',
      'serve',
      'db move',
      'fake spaaza',
    ])
      expect(shown).toContain(`foyer ${name}`);
    for (const code of Object.values(exitCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'));
  });

  it('speaks of every command there is, and promises --json of no more than know it', () => {
    const commands = leavesOf(commandLine({}));
    expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining(['serve', 'key create', 'db move']));

    const unnamed = commands.filter(({ name }) => !page.includes(`foyer ${name}`));
    expect(
      unnamed.map(({ name }) => name),
      'add these to docs/cli.md',
    ).toEqual([]);

    const silent = commands.filter(({ command }) => !command.options.some(({ long }) => long === '--json'));
    expect(
      silent.map(({ name }) => name),
      'give each command --json, as docs/cli.md promises',
    ).toEqual(['serve', 'demo']);
  });
});

interface Leaf {
  /** As it is typed: `key create`. */
  name: string;
  command: Command;
}

/** The commands that do something themselves, and not one of several under them. */
function leavesOf(parent: Command, path: readonly string[] = []): Leaf[] {
  return parent.commands.flatMap((command) => {
    const name = [...path, command.name()];
    return command.commands.length === 0 ? [{ name: name.join(' '), command }] : leavesOf(command, name);
  });
}

function runInShell(command: string, cwd: string): Promise<{ output: string; exitCode: number }> {
  const PATH = [join(cwd, 'bin'), dirname(process.execPath), process.env.PATH].join(':');
  return new Promise((done) => {
    // One stream, as on a terminal.
    execFile('sh', ['-c', `{ ${command}; } 2>&1`], { cwd, env: { PATH } }, (error, output) => {
      done({ output, exitCode: error === null ? 0 : Number(error.code) });
    });
  });
}

function patternOf(expected: string): RegExp {
  const literals = expected.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`, 's');
}
