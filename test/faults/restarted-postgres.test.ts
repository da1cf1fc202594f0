import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { median } from '../../bench/latency.ts';
import { bundledBinary, type Served } from '../cli/run-foyer.ts';
import { type OwnPostgres, startPostgres } from '../postgres.ts';
import { ask } from './client.ts';
import { furnish, type House } from './house.ts';
import { type Attempt, describeOutcome, startLoad } from './keep-writing.ts';
import { findHalfWritten, readContents, withDatabase } from './read-database.ts';
import { faultOfRefusal } from './shape-of-503.ts';
import { crewOf, readersOf } from './writers.ts';

const poolSize = 10;

const foyer = bundledBinary();

describe('a node whose PostgreSQL is restarted under load', () => {
  let postgres: OwnPostgres;
  let databaseUrl: string;
  let house: House;
  let node: Served;

  beforeAll(async () => {
    postgres = await startPostgres();
    await withDatabase(postgres.url, (select) => select('create database house'));
    databaseUrl = postgres.url.replace(/postgres$/, 'house');
    house = await furnish(databaseUrl, 40);
    node = await foyer.serve('serve', {
      FOYER_DATABASE_URL: databaseUrl,
      FOYER_DATABASE_POOL: String(poolSize),
      // What is looked for in the outbox afterwards must not be taken out by a worker.
      FOYER_JOBS: 'off',
      FOYER_RATE_LIMIT: 'off',
      FOYER_HASH_CONCURRENCY: '1',
      FOYER_LOG_REQUESTS: 'none',
    });
  });
  afterAll(async () => {
    node?.kill('SIGKILL');
    await node?.ended;
    await postgres.stop();
  });

  const connections = () =>
    withDatabase(postgres.url, async (select) => {
      const [row] = await select<{ count: number }>(
        `select count(*) as count from pg_stat_activity where application_name = 'foyer'`,
      );
      return row!.count;
    });

  /** A restart as load meets it; times are those of `performance.now()`. */
  const crashAndRestart = async (signal: 'SIGQUIT' | 'SIGKILL') => {
    await pause(1_500);
    await postgres.crash(signal);
    const goneAt = performance.now();
    await pause(2_500);
    const ready = await ask(node.url, { line: 'GET /readyz' });
    const startedAt = performance.now();
    await postgres.restart();
    const backAt = performance.now();
    let mostConnections = 0;
    while (performance.now() < backAt + 6_000) {
      await pause(500);
      mostConnections = Math.max(mostConnections, await connections());
    }
    return { goneAt, startedAt, backAt, readyWhileGone: ready.status, mostConnections };
  };

  it.each([
    ['is shut down at once', 'SIGQUIT'],
    ['loses its postmaster', 'SIGKILL'],
  ] as const)('refuses quickly while it %s, recovers within 5 s, and hangs or leaks nothing', async (_what, signal) => {
    const crew = crewOf(house, 40, `during-${signal.toLowerCase()}`);
    const load = startLoad(node.url, [...crew, ...readersOf(house, 10)]);
    const { attempts } = load;
    const seen = await crashAndRestart(signal).finally(load.stop);

    // Everybody got an answer: a hung request or a cut connection would show here as an error.
    expect([...new Set(attempts.map(describeOutcome))].toSorted()).toEqual(['200', '503']);
    expect(seen.readyWhileGone).toBe(503);
    const refused = attempts.filter((attempt) => describeOutcome(attempt) === '503');
    const misshapen = refused.flatMap(({ kind, outcome }) =>
      outcome instanceof Error ? [] : (faultOfRefusal(kind, outcome) ?? []),
    );
    expect(misshapen).toEqual([]);

    const { goneAt, startedAt, backAt } = seen;
    const took = (each: Attempt): number => each.endedAt - each.sentAt;
    const whileGone = attempts.filter(({ sentAt, endedAt }) => sentAt > goneAt && endedAt < startedAt).map(took);
    const slowestMs = Math.max(...attempts.map(took));
    const lastRefusalMs = Math.max(0, ...refused.map(({ endedAt }) => endedAt - backAt));
    console.log(
      `PostgreSQL ended with ${signal}: ${attempts.length} requests, ${refused.length} refused; while it was gone ` +
        `median ${median(whileGone)?.toFixed()} ms, slowest of all ${slowestMs.toFixed()} ms; last refusal ` +
        `${lastRefusalMs.toFixed()} ms after it was back; at most ${seen.mostConnections} connections`,
    );
    // Many, because nobody stood waiting for a database that was not there.
    expect(whileGone.length).toBeGreaterThan(300);
    expect(median(whileGone)).toBeLessThan(250);
    expect(slowestMs).toBeLessThan(5_000);
    expect(lastRefusalMs).toBeLessThan(5_000);
    for (const kind of new Set(attempts.map((attempt) => attempt.kind))) {
      const after = attempts.filter((each) => each.kind === kind && each.sentAt > backAt + 5_000);
      expect([kind, new Set(after.map(describeOutcome))]).toEqual([kind, new Set(['200'])]);
    }
    // One more looks for changes of topology, keys and maintenance.
    expect(seen.mostConnections).toBeLessThanOrEqual(poolSize + 1);

    const contents = await readContents(databaseUrl);
    expect(crew.flatMap((writer) => writer.faults(contents))).toEqual([]);
    expect(await findHalfWritten(databaseUrl)).toEqual([]);
  });
});
