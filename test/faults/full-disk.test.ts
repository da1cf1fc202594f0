import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { bundledBinary, eventually, type Served } from '../cli/run-foyer.ts';
import { ask } from './client.ts';
import { furnish, type House } from './house.ts';
import { type Attempt, describeOutcome, startLoad } from './keep-writing.ts';
import { findHalfWritten, readContents } from './read-database.ts';
import { faultOfRefusal } from './shape-of-503.ts';
import { crewOf, readersOf } from './writers.ts';

/** A way to run out of room: where the database is put, how the room ends and how it comes back. */
interface Shortage {
  folder: string;
  begin(node: Served): void;
  end(node: Served): void;
  /** Takes the place away again. */
  discard(): void;
}

/** A file system in memory, with room for several times the largest log, that somebody else fills up. */
function smallFileSystem(): Shortage {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'foyer-full', folder], { stdio: 'pipe' });
  const filler = join(folder, 'filler');
  return {
    folder,
    begin: () => {
      const file = openSync(filler, 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(4_096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    end: () => rmSync(filler),
    discard: () => {
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A limit on the size of the files that the node may write, as a quota would be. */
function smallQuota(): Shortage {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-quota-'));
  const limit = ({ pid }: Served, bytes: string) =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  return {
    folder,
    begin: (node) => limit(node, String(statSync(join(folder, 'foyer.db-wal')).size + 8_192)),
    end: (node) => limit(node, 'unlimited'),
    discard: () => rmSync(folder, { recursive: true }),
  };
}

const foyer = bundledBinary();
const mayMount = process.getuid?.() === 0;

describe('a node on SQLite that runs out of room', () => {
  let shortage: Shortage | undefined;
  let node: Served | undefined;
  afterEach(async () => {
    node?.kill('SIGKILL');
    await node?.ended;
    shortage?.discard();
  });

  it.each([
    // Only root may mount; the quota needs nobody's leave.
    ...(mayMount ? [['on a full disk', smallFileSystem] as const] : []),
    ['at a quota', smallQuota] as const,
  ])(
    '%s refuses writes with 503, goes on reading, and writes again when there is room',
    async (where, makeShortage) => {
      shortage = makeShortage();
      const databaseUrl = `sqlite:${join(shortage.folder, 'foyer.db')}`;
      const house: House = await furnish(databaseUrl, 30);
      const env = {
        FOYER_DATABASE_URL: databaseUrl,
        FOYER_RATE_LIMIT: 'off',
        FOYER_HASH_CONCURRENCY: '1',
        FOYER_JOBS: 'off',
      };
      node = await foyer.serve('serve', env);
      const crew = crewOf(house, 20, 'full');
      const load = startLoad(node.url, [...crew, ...readersOf(house, 10)]);
      const { attempts } = load;
      const isRefused = (attempt: Attempt): boolean => describeOutcome(attempt) === '503';
      const times = { full: 0, refused: 0, freed: 0 };
      try {
        await pause(500);
        times.full = performance.now();
        shortage.begin(node);
        // What the log had room for already is still taken.
        await eventually(() => attempts.some(isRefused));
        times.refused = performance.now();
        // The room that the log has taken already is used again until the file itself would have to grow.
        await eventually(() => new Set(attempts.filter(isRefused).map(({ kind }) => kind)).size === 5);
        await pause(1_500);
        shortage.end(node);
        times.freed = performance.now();
        await pause(2_500);
        expect((await ask(node.url, { line: 'GET /readyz' })).status).toBe(200);
      } finally {
        await load.stop();
      }

      const reads = attempts.filter(({ kind }) => /user_info|validate/.test(kind));
      const writes = attempts.filter((attempt) => !reads.includes(attempt));
      const refused = writes.filter(isRefused);
      const whileFull = writes.filter(({ sentAt, endedAt }) => sentAt > times.refused && endedAt < times.freed);
      const afterwards = writes.filter(({ sentAt }) => sentAt > times.freed + 1_000);
      console.log(
        `no room ${where}: ${writes.length} writes, ${refused.length} refused (${whileFull.filter(isRefused).length} of ` +
          `${whileFull.length} while it was full), the first ${(times.refused - times.full).toFixed()} ms after the room ` +
          `ended; ${reads.length} reads; last refusal ` +
          `${(Math.max(...refused.map(({ endedAt }) => endedAt)) - times.freed).toFixed()} ms after there was room`,
      );
      expect([...new Set(reads.map(describeOutcome))]).toEqual(['200']);
      expect([...new Set(writes.map(describeOutcome))].toSorted()).toEqual(['200', '503']);
      const misshapen = refused.flatMap(({ kind, outcome }) =>
        outcome instanceof Error ? [] : (faultOfRefusal(kind, outcome) ?? []),
      );
      expect(misshapen).toEqual([]);
      expect(new Set(refused.map(({ kind }) => kind)).size).toBe(5);
      expect(afterwards.length).toBeGreaterThan(20);
      expect([...new Set(afterwards.map(describeOutcome))]).toEqual(['200']);

      const contents = await readContents(databaseUrl);
      expect(crew.flatMap((writer) => writer.faults(contents))).toEqual([]);
      expect(await findHalfWritten(databaseUrl)).toEqual([]);
      node.kill('SIGTERM');
      expect((await node.ended).code).toBe(0);
      expect(await findHalfWritten(databaseUrl)).toEqual([]);
    },
  );
});
