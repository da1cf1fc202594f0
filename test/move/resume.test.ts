import { describe, expect, it } from 'vitest';
import { rowWriter } from '../../src/storage/table-rows.ts';
import { scriptOfSuite } from '../own-process.ts';
import { serveDatabase } from '../start-app.ts';
import { oddRows } from './full-database.ts';
import { contentsOf, databasesOfTests, move } from './moves.ts';

const mover = `
  import { writeSync } from 'node:fs';
  import { moveDatabase } from './src/storage/move.ts';

  const [from, to] = process.argv.slice(2);
  const onProgress = ({ step, table, rows }) => writeSync(1, step + ' ' + table + ' ' + rows + '\\n');
  await moveDatabase({ from, to, isOffline: false, isRestart: false, onProgress });
  writeSync(1, 'done\\n');
`;

const databases = databasesOfTests();

describe.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
] as const)('a move from %s to %s that is killed', (fromKind, toKind) => {
  const run = scriptOfSuite(mover);

  /** Runs the move until it says a line, or to its end. */
  const moveUntil = async (from: string, to: string, last: string): Promise<string[]> => {
    const { lines, code } = await run([from, to], (line, kill) => {
      if (line === last) kill();
    });
    expect([lines.includes(last), lines.includes('done'), code]).toEqual([true, false, null]);
    return lines;
  };

  it('goes on where it was, as often as it takes, and ends with the same rows', async () => {
    const [from, to] = [await databases.full(fromKind, 12_000), await databases.empty(toKind)];
    await moveUntil(from, to, 'copy customers 1000');
    const second = await moveUntil(from, to, 'copy customers 6000');
    const firstOfSecond = second.find((line) => line.startsWith('copy customers'));
    expect(Number(firstOfSecond?.split(' ')[2])).toBeGreaterThanOrEqual(1_000);
    expect(second).toContain('copy pools 2'); // seen, and not copied again
    expect(second).not.toContain('copy pools 0');
    await moveUntil(from, to, 'verify customers 3000');
    const last = await move(from, to);
    expect(last.isResumed).toBe(true);
    expect(last.progress.find(({ table }) => table === 'customers')).toMatchObject({ step: 'copy', rows: 12_003 });
    expect(await contentsOf(databases.open(to))).toEqual(await contentsOf(databases.open(from)));
    await expect(move(from, to)).rejects.toMatchObject({ code: 'target_not_empty' });
  });

  it('leaves a target on which no server starts, and which no other source may fill', async () => {
    const [from, to] = [await databases.full(fromKind, 12_000), await databases.empty(toKind)];
    await moveUntil(from, to, 'copy customers 1000');
    await expect(serveDatabase(to)).rejects.toThrow(/has not ended/);
    const other = await databases.full('sqlite');
    await expect(move(other, to)).rejects.toMatchObject({ code: 'target_taken', facts: [expect.any(String)] });
    await expect(move(to, await databases.empty('sqlite'))).rejects.toMatchObject({ code: 'source_unfinished' });
    await move(from, to);
    const server = await serveDatabase(to);
    expect(server.app.accounts.directory.maintenanceSince).toBe('2024-05-17T10:00:00.000Z');
    await server.stop();
  });

  it('notices that the source was written to meanwhile, and can begin again', async () => {
    const [from, to] = [await databases.full(fromKind, 3_000), await databases.empty(toKind)];
    await moveUntil(from, to, 'copy customers 1000');
    const source = databases.open(from);
    const written = { ...oddRows.outbox[0]!, id: 77 };
    await source.transaction((handle) => rowWriter('outbox')(handle, [written]));
    await source.alignIdentities();
    await expect(move(from, to)).rejects.toMatchObject({ code: 'source_changed' });
    const again = await move(from, to, { isRestart: true });
    expect(again.isResumed).toBe(false);
    expect(again.progress.find(({ table }) => table === 'customers')).toMatchObject({ rows: 0, total: 3_003 });
    expect(await contentsOf(databases.open(to))).toEqual(await contentsOf(source));
  });
});
