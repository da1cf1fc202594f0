import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryOf } from '../../bench/processes.ts';
import { bundledBinary, type Served } from '../cli/run-foyer.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { ask, Client, headerOf, jsonOf } from './client.ts';
import { deviceHeaders, furnish, type House, partnerHeaders, password } from './house.ts';
import type { Probed } from './probe.ts';
import { probeOfSuite } from './probe-process.ts';

const people = 2_000;
const tries = 4;
/** What a reader's p99 should be: the storm is repeated until it is, and the figures of each are printed. */
const wantedMs = 50;
/**
 * A p99 above this fails, in the best of all tries. On two shared cores each was 20 to 65, most of it the turn of the
 * event loop in which Node reads up to 1,024 requests that have all arrived; waiting for a processor while hashes have
 * all of them made it up to 124, and waiting behind hashes takes seconds.
 */
const boundMs = 100;
/** Storms before those that are measured: code that has run a few times only takes several times as long. */
const warmUps = 2;
const warmUpMs = 2_000;
const longestLine = 1_000;
const mostMegabytes = 300;

const foyer = bundledBinary();
const probe = probeOfSuite();
let database: FreshDatabase;
let house: House;
let node: Served;

beforeAll(async () => {
  database = await freshDatabaseUrl('sqlite');
  house = await furnish(database.url, people);
  node = await foyer.serve('serve', {
    FOYER_DATABASE_URL: database.url,
    FOYER_TRUST_PROXY: '127.0.0.1',
    FOYER_HASH_QUEUE: String(longestLine),
    FOYER_LOG_REQUESTS: 'none',
  });
});
afterAll(async () => {
  node?.kill('SIGKILL');
  await node?.ended;
  await database.drop();
});

interface Storm {
  statuses: Map<number | string, number>;
  faults: string[];
  /** Longest time in which a sign-in was accepted, and in which one was refused. */
  acceptedMs: number;
  refusedMs: number;
}

/** Everybody signs in at once, each from a network of their own; who is sent away comes back when told to, until it ends. */
async function storm(isOver: () => boolean): Promise<Storm> {
  const seen: Storm = { statuses: new Map(), faults: [], acceptedMs: 0, refusedMs: 0 };
  const signIn = async (number: number): Promise<void> => {
    const client = new Client(node.url, 60_000);
    const from = `X-Forwarded-For: 10.${number >> 8}.${number & 255}.1`;
    const body = { email: house.people[number]!.email, password };
    while (!isOver()) {
      const begin = performance.now();
      const answer = await client.send({ line: 'POST /api/v4/auth/sign_in', headers: [from], body });
      const took = performance.now() - begin;
      const status = answer instanceof Error ? answer.message : answer.status;
      seen.statuses.set(status, (seen.statuses.get(status) ?? 0) + 1);
      if (answer instanceof Error) break;
      if (answer.status === 200) {
        seen.acceptedMs = Math.max(seen.acceptedMs, took);
        break;
      }
      seen.refusedMs = Math.max(seen.refusedMs, took);
      const seconds = Number(headerOf(answer, 'retry-after'));
      if (!(seconds > 0) || typeof jsonOf(answer).error !== 'string') seen.faults.push(`${answer.head} ${answer.body}`);
      const comesBackAt = performance.now() + (seconds * 1_000 || 1_000);
      while (!isOver() && performance.now() < comesBackAt) await pause(Math.min(100, comesBackAt - performance.now()));
    }
    client.close();
  };
  await Promise.all(Array.from({ length: people }, (_, number) => signIn(number)));
  return seen;
}

/** Keeps every CPU as busy as hashing does, without a storm: what is left of the wait then is the machine's. */
async function withBusyCpus<T>(work: () => Promise<T>): Promise<T> {
  const burners: ChildProcess[] = [1, 2].map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  try {
    return await work();
  } finally {
    for (const burner of burners) burner.kill('SIGKILL');
  }
}

async function gauge(name: string): Promise<number> {
  const { body } = await ask(node.url, { line: 'GET /metrics' });
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(body.toString())?.[1]);
}

const show = (probed: Probed): string =>
  Object.entries(probed)
    .map(([name, { p50, p99 }]) => `${name} p50 ${p50!.toFixed(1)} p99 ${p99!.toFixed(1)} ms`)
    .join(', ');

it('2,000 sign-ins at once find a short line and bounded memory, and nobody else waits for them', async () => {
  const [person] = house.people;
  const order = {
    url: node.url,
    wanted: {
      user_info: { line: `GET /rest/V1/spaaza/customer/user_info/${person!.id}`, headers: partnerHeaders(house) },
      validate_token: { line: 'GET /api/v4/auth/validate_token', headers: deviceHeaders(person!) },
    },
    seconds: 4,
  };
  for (let count = 0; count < warmUps; count += 1) {
    let isOver = false;
    const warmingUp = storm(() => isOver);
    await pause(warmUpMs);
    isOver = true;
    await warmingUp;
  }

  let isMet = false;
  let isAsWanted = false;
  for (let turn = 1; turn <= tries && !isAsWanted; turn += 1) {
    const calm = await withBusyCpus(() => probe(order));
    let isOver = false;
    let longest = 0;
    let raging: Promise<Storm> | undefined;
    const watch = setInterval(() => {
      gauge('foyer_hash_queue_length').then(
        (length) => {
          longest = Math.max(longest, length);
        },
        () => undefined,
      );
    }, 200);
    const begin = (): void => {
      raging = storm(() => isOver);
    };
    const meanwhile = await probe(order, begin).finally(() => {
      isOver = true;
      clearInterval(watch);
    });
    const { statuses, faults, acceptedMs, refusedMs } = await raging!;
    const { peakMb } = memoryOf(node.pid)!;
    console.log(
      `sign-in storm: ${show(meanwhile)} (on busy CPUs without one: ${show(calm)}); answers ` +
        `${JSON.stringify(Object.fromEntries(statuses))}, accepted within ${acceptedMs.toFixed()} ms, refused within ` +
        `${refusedMs.toFixed()} ms; at most ${longest} in line; ${peakMb} MB at most`,
    );
    expect(faults).toEqual([]);
    expect([...statuses.keys()].toSorted()).toEqual([200, 503]);
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(longestLine);
    expect(peakMb).toBeLessThan(mostMegabytes);
    expect(Object.values(meanwhile).flatMap(({ failures }) => failures)).toEqual([]);
    const readers = Object.entries(meanwhile);
    isAsWanted = readers.every(([, { p99 }]) => p99! <= wantedMs);
    isMet ||= readers.every(([name, { p99 }]) => p99! < Math.max(boundMs, 3 * calm[name]!.p99!));
  }
  expect(isMet).toBe(true);
});
