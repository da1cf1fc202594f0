import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();

const commands = [
  'serve',
  'demo',
  'migrate',
  'topology apply',
  'topology show',
  'key create',
  'key list',
  'key revoke',
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
  'db move',
  'doctor',
  'fake spaaza',
];

describe('the command line', () => {
  it('explains itself to a stranger: every command, the settings and the exit codes', async () => {
    const { code, stdout, stderr } = await foyer.run(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.split(' ')[0]} `, 'm'));
    for (const word of ['FOYER_DATABASE_URL', 'foyer demo', 'Exit codes:', '--json']) expect(stdout).toContain(word);
  });

  it.each(commands)('explains %s with its arguments, and opens no database for it', async (command) => {
    const { code, stdout, stderr } = await foyer.run([...command.split(' '), '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: foyer ${command}`);
    expect(stdout.includes('--json')).toBe(!['serve', 'demo'].includes(command));
    expect(readdirSync(foyer.folder)).toEqual([]);
  });

  it('tells the scopes of a key in its help', async () => {
    const { stdout } = await foyer.run(['key', 'help', 'create']);
    expect(stdout).toContain('Usage: foyer key create');
    for (const scope of ['customer_authenticate', 'customer_read', 'customer_write', 'admin_read'])
      expect(stdout).toContain(scope);
  });

  it('tells its version', async () => {
    expect(await foyer.run(['--version'])).toEqual({ code: 0, stdout: `${packageFile.version}\n`, stderr: '' });
  });

  it.each([
    ['no command at all', [], 'Usage: foyer'],
    ['half a command', ['key'], 'Usage: foyer key'],
    ['an unknown command', ['sevre'], "unknown command 'sevre' (Did you mean serve?)"],
    ['an unknown subcommand', ['key', 'remove'], "unknown command 'remove'"],
    ['an unknown option', ['key', 'list', '--all'], "unknown option '--all'"],
    ['an argument too many', ['doctor', 'now'], 'too many arguments'],
    ['an argument too few', ['customer', 'show'], "missing required argument 'reference'"],
    ['a key without a scope', ['key', 'create', 'spaaza'], "required option '--scope <scope>'"],
    ['a scope that is none', ['key', 'create', 'spaaza', '--scope', 'all'], 'The scopes are customer_authenticate'],
    ['a key number that is none', ['key', 'revoke', '0x1'], 'It is a number'],
    ['a state that is none', ['maintenance', 'maybe'], 'Allowed choices are on, off, status'],
  ])('refuses %s with exit code 2, on stderr and without a stack', async (_what, args, message) => {
    const { code, stdout, stderr } = await foyer.run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(readdirSync(foyer.folder)).toEqual([]);
  });

  it('gives mistakes of usage as one JSON document on stderr when that was asked for', async () => {
    const { code, document } = await foyer.json(['key', 'create', 'spaaza', '--scope', 'all']);
    expect(code).toBe(2);
    expect(document).toEqual({
      error: { code: 'usage', message: expect.stringContaining("argument 'all' is invalid") },
    });
  });
});
