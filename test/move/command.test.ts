import { describe, expect, it } from 'vitest';
import { beginMove } from '../../src/storage/move-state.ts';
import { tableNames } from '../../src/storage/table-rows.ts';
import { bundledBinary } from '../cli/run-foyer.ts';
import { contentsOf, databasesOfTests } from './moves.ts';

const foyer = bundledBinary();
const databases = databasesOfTests();

describe('foyer db move', () => {
  it('shows each table while it goes, the proof at its end, and what to do next', async () => {
    const [from, to] = [await databases.full('sqlite'), await databases.empty('postgres')];
    const { code, stdout, stderr } = await foyer.run(['db', 'move', '--from', from, '--to', to]);
    expect(code).toBe(0);
    const steps = stderr.trimEnd().split('\n');
    expect(steps).toHaveLength(2 * tableNames.length);
    expect(steps).toContainEqual(expect.stringMatching(/^copy {4}customers {10}3 of 3 {2}100 %/));
    expect(steps).toContainEqual(expect.stringMatching(/^verify {2}customers {10}3 of 3 {2}100 %/));
    expect(stdout).toMatch(/^TABLE +ROWS +CHECKSUM\n/);
    expect(stdout).toMatch(/^customers +3 +[0-9a-f]{32}$/m);
    expect(stdout).toMatch(/FOYER_DATABASE_URL=postgres:\/\/foyer:\*\*\*@.*, and run foyer maintenance off there\.$/m);
    expect(stdout + stderr).not.toContain(new URL(to).password);
    expect(await contentsOf(databases.open(to))).toEqual(await contentsOf(databases.open(from)));
  });

  it('with --json prints the proof and no progress', async () => {
    const [from, to] = [await databases.full('postgres'), await databases.empty('sqlite')];
    const { code, document } = await foyer.json(['db', 'move', '--from', from, '--to', to]);
    expect(code).toBe(0);
    expect(document).toMatchObject({ is_resumed: false, is_maintenance: true });
    const tables = (document as { tables: unknown[] }).tables;
    expect(tables).toHaveLength(tableNames.length);
    expect(tables).toContainEqual({ table: 'customers', rows: 3, checksum: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  it('refuses with a code for scripts and a way out for people', async () => {
    const [from, to] = [await databases.full('sqlite'), await databases.full('sqlite')];
    const { code, document } = await foyer.json(['db', 'move', '--from', from, '--to', to]);
    expect(code).toBe(1);
    const message = 'The target is not empty: there are rows in pools. Nothing was changed.';
    expect(document).toEqual({ error: { code: 'target_not_empty', message } });
  });

  it.each([
    ['an option is missing', ['--from', 'sqlite:a.db'], 2, 'usage'],
    ['a URL is none', ['--from', 'sqlite:a.db', '--to', 'mysql://localhost/foyer'], 2, 'usage'],
    ['both are the same', ['--from', 'sqlite:a.db', '--to', 'sqlite:./a.db'], 2, 'same_database'],
    ['there is no source', ['--from', 'sqlite:a.db', '--to', 'sqlite:b.db'], 4, 'source_missing'],
    [
      'the source does not answer',
      ['--from', 'postgres://nobody:x@127.0.0.1:1/foyer', '--to', 'sqlite:b.db'],
      3,
      'database_unavailable',
    ],
  ])('says so when %s', async (_, args, exitCode, errorCode) => {
    const { code, document } = await foyer.json(['db', 'move', ...args]);
    expect(code).toBe(exitCode);
    expect(document).toMatchObject({ error: { code: errorCode } });
  });
});

it.each(['serve', 'maintenance off', 'key list'])(
  'foyer %s refuses a database that a move has not finished',
  async (command) => {
    const url = await databases.full('sqlite');
    await databases
      .open(url)
      .transaction((handle) => beginMove(handle, { source: 'sqlite:/old.db', mark: 'x', tables: {} }));
    const { code, stderr } = await foyer.run(command.split(' '), { FOYER_DATABASE_URL: url, FOYER_PORT: '0' });
    expect(code).toBe(3);
    expect(stderr).toContain('run the same foyer db move again');
  },
);
