import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledBinary, type Served } from '../cli/run-foyer.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { Client } from './client.ts';
import { furnish, type House, password } from './house.ts';
import { type Platform, startPlatform } from './platform.ts';

const people = 100;
const rounds = 3;
/** In each round and state. A hundredth of it is what decides, so that it must be some. */
const signIns = Number(process.env.FOYER_FAULTS_SIGN_INS ?? 120);
const atOnce = 2;
/** Another state's turn comes so often that whatever else the machine does hits all alike. */
const signInsPerTurn = 20;

const states = ['off', 'healthy', 'hanging'] as const;
type State = (typeof states)[number];

/** A node of its own on a database of its own, with or without a platform. */
interface Place {
  database: FreshDatabase;
  house: House;
  platform: Platform | undefined;
  node: Served;
}

const foyer = bundledBinary();

describe.each(databaseKinds)('sign-ins on %s', (kind) => {
  const places = new Map<State, Place>();

  beforeAll(async () => {
    for (const state of states) {
      const database = await freshDatabaseUrl(kind);
      const house = await furnish(database.url, people);
      const platform = state === 'off' ? undefined : await startPlatform(foyer);
      if (state === 'hanging') await platform?.behave({ delayMs: 3_600_000 });
      const node = await foyer.serve('serve', {
        ...platform?.env,
        FOYER_DATABASE_URL: database.url,
        FOYER_RATE_LIMIT: 'off',
        FOYER_LOG_REQUESTS: 'none',
        FOYER_HASH_MAX_WAIT_MS: '60000',
        // Every sign-in asks.
        FOYER_SPAAZA_PULL_INTERVAL_SECONDS: '0',
        FOYER_SPAAZA_RATE_PER_SECOND: '100',
      });
      places.set(state, { database, house, platform, node });
    }
  }, 120_000);
  afterAll(async () => {
    for (const { node, platform, database } of places.values()) {
      node.kill('SIGKILL');
      await node.ended;
      await platform?.stop();
      await database.drop();
    }
  });

  /** Signs people in, one after another on each connection; gives the milliseconds each took. */
  const signIn = async ({ node, house }: Place, from: number): Promise<number[]> => {
    let next = from;
    const times: number[] = [];
    const work = async (): Promise<void> => {
      const client = new Client(node.url);
      for (let turn = next++; turn < from + signInsPerTurn; turn = next++) {
        const { email } = house.people[turn % people]!;
        const begin = performance.now();
        const answer = await client.send({ line: 'POST /api/v4/auth/sign_in', body: { email, password } });
        if (answer instanceof Error || answer.status !== 200) throw new Error(`A sign-in failed: ${String(answer)}`);
        times.push(performance.now() - begin);
      }
      client.close();
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return times;
  };

  it(`take as long while the platform hangs as while it is well, ${rounds * signIns} of each`, async () => {
    for (const place of places.values()) await signIn(place, 0);
    const all: Record<State, number[]> = { off: [], healthy: [], hanging: [] };
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const times: Record<State, number[]> = { off: [], healthy: [], hanging: [] };
      for (let turn = 0; turn < signIns; turn += signInsPerTurn) {
        for (const state of states) times[state].push(...(await signIn(places.get(state)!, turn)));
      }
      ratios.push(percentile(times.hanging, 99) / percentile(times.healthy, 99));
      for (const state of states) all[state].push(...times[state]);
    }
    const figures = states.map(
      (state) => `${state} ${percentile(all[state], 50).toFixed(1)} / ${percentile(all[state], 99).toFixed(1)} ms`,
    );
    console.log(`sign-ins on ${kind}, p50 / p99 of ${rounds * signIns}: ${figures.join(', ')}`);
    // Both platforms were asked, and one never answered.
    expect((await places.get('healthy')!.platform!.requests()).length).toBeGreaterThan(people);
    expect((await places.get('hanging')!.platform!.stats()).mostInFlight).toBeGreaterThan(0);
    // The best of three: a busy machine has slow moments, which are nobody's fault.
    expect(Math.min(...ratios)).toBeLessThan(3);
  });
});

function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
}
