import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/fake/behaviour.ts';
import type { JournalEntry } from '../../src/fake/journal.ts';
import { bundledBinary, type Served } from '../cli/run-foyer.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { ask, jsonOf } from './client.ts';
import { type Linked, linkedPeople, startEditing, valuesAt } from './editors.ts';
import { furnish, type House, partnerHeaders } from './house.ts';
import { type Platform, type Shopper, startPlatform } from './platform.ts';
import { type Random, startRandom } from './random.ts';
import { withDatabase } from './read-database.ts';

const customers = Number(process.env.FOYER_FAULTS_CUSTOMERS ?? 300);
/** As many as a worker has taken at a time. */
const customersAtOnce = 8;
const leastChaosMs = 12_000;
const editors = 8;
/** Longer than the lease of a worker that was killed, and the longest rest of a circuit breaker. */
const drainMs = 120_000 + customers * 20;

/** What the platform goes through again and again, in random order, for up to one and a half seconds each. */
const troubles: Record<string, Partial<Behaviour>> = {
  healthy: {},
  down: { down: true },
  slow: { delayMs: 200, outOfOrder: true },
  hanging: { delayMs: 3_000 },
  flapping: { flapping: { upMs: 150, downMs: 100 } },
  duplicating: { duplicate: true },
  throttling: { throttle: { retryAfter: 1 }, failureRate: 0.3 },
  forgetful: { loseAnswer: true, failureRate: 0.3, duplicate: true },
  'behind a broken gateway': { status: 503, failureRate: 0.5 },
};

const foyer = bundledBinary();

describe.each(databaseKinds)('customers on %s, changed on both sides while the platform is in trouble', (kind) => {
  let database: FreshDatabase;
  let house: House;
  let platform: Platform;
  let random: Random;
  const nodes: Served[] = [];

  beforeAll(async () => {
    random = startRandom(`linked people on ${kind}`);
    database = await freshDatabaseUrl(kind);
    house = await furnish(database.url, customers);
    platform = await startPlatform(foyer);
    for (let index = 0; index < 2; index += 1) nodes.push(await startNode());
  }, 300_000);
  afterAll(async () => {
    for (const node of nodes) node.kill('SIGKILL');
    await Promise.all(nodes.map(({ ended }) => ended));
    await platform?.stop();
    await database?.drop();
  });

  const startNode = (port = '0') =>
    foyer.serve('serve', {
      ...platform.env,
      FOYER_PORT: port,
      FOYER_DATABASE_URL: database.url,
      FOYER_RATE_LIMIT: 'off',
      FOYER_LOG_REQUESTS: 'none',
      FOYER_SPAAZA_RATE_PER_SECOND: '1000',
      FOYER_SPAAZA_CONCURRENCY: '16',
      FOYER_SPAAZA_TIMEOUT_MS: '1000',
    });

  /** Ends a node without a warning, whatever it is at, and starts it again where it was. */
  const killOne = async (): Promise<void> => {
    const index = random.between(0, nodes.length - 1);
    const node = nodes[index]!;
    node.kill('SIGKILL');
    await node.ended;
    nodes[index] = await startNode(new URL(node.url).port);
  };

  it(
    `come to the same on both sides, in order, with nothing lost and no echo: ${customers} of them`,
    async () => {
      const begin = performance.now();
      await untilDrained(database.url, drainMs);
      const linked = linkedPeople(house, await platform.shoppers());
      expect(linked.filter(({ userId }) => userId === undefined)).toEqual([]);
      const firstSeconds = (performance.now() - begin) / 1000;
      await platform.forgetRequests();
      await platform.tell(nodes[0]!.url);

      const editing = startEditing(house, platform, linked, {
        urls: () => nodes.map(({ url }) => url),
        editors,
        random,
      });
      const trouble = await raiseTrouble(platform, random, editing, killOne);
      const calmedAt = performance.now();
      await pause(1_000);
      const replayed = await foyer.run(['outbox', 'replay', '--state', 'waiting', '--all'], {
        FOYER_DATABASE_URL: database.url,
      });
      expect(replayed).toMatchObject({ code: 0, stderr: '' });
      await untilDrained(database.url, drainMs);
      const drainSeconds = (performance.now() - calmedAt) / 1000;

      const journal = await platform.requests();
      await pause(3_000);
      expect(await platform.requests()).toHaveLength(journal.length);

      const changes = Object.values(editing.acknowledged).reduce((sum, count) => sum + count, 0);
      const pushes = journal.filter(({ endpoint }) => endpoint !== 'get-user');
      const distinct = new Set(
        pushes.map(({ userId, requestId, parameters }) => JSON.stringify([userId, requestId, parameters])),
      );
      expect([...editing.unexpected]).toEqual([]);
      const userInfos = await readUserInfos(nodes[0]!.url, house, linked);
      const shoppers = new Map((await platform.shoppers()).map((each) => [each.user_id as number, each]));
      expect(shoppers.size).toBe(customers);
      const byUser = new Map<number, JournalEntry[]>(linked.map(({ userId }) => [userId, []]));
      for (const push of pushes) byUser.get(push.userId!)?.push(push);
      const faults = linked.flatMap((each) => [
        ...lostIn(each, userInfos.get(each.userId)!),
        ...differencesBetween(each, userInfos.get(each.userId)!, shoppers.get(each.userId)!),
        ...disorderIn(each, byUser.get(each.userId)!),
      ]);
      faults.push(...(await setbacks(database.url)));
      // What only the platform changed is not told back, but for rows that a killed worker had taken: of those nobody knows.
      const echoed = linked.filter(({ kinds, userId }) => kinds.length === 1 && byUser.get(userId)!.length > 0);
      console.log(
        `${customers} customers on ${kind}: first told in ${firstSeconds.toFixed()} s; ` +
          `${changes} changes ${JSON.stringify(editing.acknowledged)} in ${trouble.seconds.toFixed()} s, ` +
          `${trouble.kills} kills, ${trouble.turns} turns of trouble; drained in ${drainSeconds.toFixed()} s; ` +
          `${pushes.length} pushes carried out, ${pushes.length - distinct.size} of them repetitions, ` +
          `${echoed.length} customers told of what came from there`,
      );
      if (faults.length > 0) console.log(await trailOf(database.url, linked, journal, faults[0]!));
      expect(faults.slice(0, 20)).toEqual([]);
      expect(trouble.kills).toBeGreaterThan(0);
      expect(echoed.length).toBeLessThanOrEqual(trouble.kills * customersAtOnce);
      expect(await left(database.url)).toEqual({ outbox: 0, waiting: 0, dead: 0 });
    },
    600_000 + customers * 150,
  );
});

/** Lets the platform misbehave and kills nodes until everybody was changed often enough, and then calms down. */
async function raiseTrouble(
  platform: Platform,
  random: Random,
  editing: ReturnType<typeof startEditing>,
  killOne: () => Promise<void>,
): Promise<{ turns: number; kills: number; seconds: number }> {
  const begin = performance.now();
  let turns = 0;
  let kills = 0;
  let isOver = false;
  const misbehave = async (): Promise<void> => {
    let names: readonly string[] = Object.keys(troubles);
    while (!isOver) {
      // Each has its turn before any has another.
      if (turns % names.length === 0) names = shuffled(names, random);
      await platform.behave(troubles[names[turns % names.length]!]!);
      turns += 1;
      await pause(random.between(300, 1_500));
    }
    await platform.behave({});
  };
  // What a killed worker had taken rests for half a minute: those killed last make the test long.
  let mayKill = true;
  void editing.firstRound.then(() => {
    mayKill = false;
  });
  const kill = async (): Promise<void> => {
    do {
      await pause(random.between(500, 2_500));
      if (isOver) return;
      await killOne();
      kills += 1;
    } while ((mayKill || kills < 2) && !isOver);
  };
  const ending = pause(leastChaosMs)
    .then(() => {
      editing.stop();
      return editing.end;
    })
    .finally(() => {
      isOver = true;
    });
  try {
    await Promise.all([misbehave(), kill(), ending]);
  } finally {
    isOver = true;
    editing.giveUp();
  }
  return { turns, kills, seconds: (performance.now() - begin) / 1000 };
}

function shuffled(names: readonly string[], random: Random): string[] {
  const rest = [...names];
  return names.map(() => rest.splice(random.between(0, rest.length - 1), 1)[0]!);
}

/** What waits and what was given up. */
async function left(url: string): Promise<{ outbox: number; waiting: number; dead: number }> {
  return withDatabase(url, async (select) => {
    const count = async (from: string): Promise<number> => {
      const [row] = await select<{ count: number }>(`select count(*) as count from ${from}`);
      return row!.count;
    };
    return {
      outbox: await count('outbox'),
      waiting: await count("loyalty_queue where state = 'waiting'"),
      dead: await count("loyalty_queue where state = 'dead'"),
    };
  });
}

async function untilDrained(url: string, withinMs: number): Promise<void> {
  for (const end = performance.now() + withinMs; ; ) {
    const { outbox, waiting } = await left(url);
    if (outbox === 0 && waiting === 0) return;
    if (performance.now() > end) throw new Error(`After ${withinMs} ms ${outbox} events and ${waiting} rows wait`);
    await pause(250);
  }
}

/** What Foyer shows the platform of each customer, by the platform's id. */
async function readUserInfos(url: string, house: House, linked: readonly Linked[]): Promise<Map<number, Shopper>> {
  const userInfos = new Map<number, Shopper>();
  const rest = [...linked];
  const read = async (): Promise<void> => {
    for (let each = rest.pop(); each !== undefined; each = rest.pop()) {
      const line = `GET /rest/V1/spaaza/customer/user_info/${each.person.id}`;
      userInfos.set(each.userId, jsonOf(await ask(url, { line, headers: partnerHeaders(house) })));
    }
  };
  await Promise.all(Array.from({ length: 8 }, read));
  return userInfos;
}

/** All that happened to the customer whom a fault is about, in order. */
async function trailOf(
  url: string,
  linked: readonly Linked[],
  journal: readonly JournalEntry[],
  fault: string,
): Promise<string> {
  const each = linked.find(({ person }) => fault.startsWith(`${person.id}:`))!;
  const entries = await withDatabase(url, (select) =>
    select<Record<string, string>>(`select * from history where customer_id = ${each.person.id} order by id`),
  );
  const here = entries.map((entry) =>
    [entry.changed_at, 'here', entry.origin, entry.field, entry.before, entry.after].join(' '),
  );
  const there = journal
    .filter(({ userId }) => userId === each.userId)
    .map(({ at, endpoint, parameters }) => [at, 'there', endpoint, JSON.stringify(parameters)].join(' '));
  return [fault, ...[...here, ...there].sort()].join('\n');
}

/** What was acknowledged and is not there. */
function lostIn({ person, kinds, steps }: Linked, userInfo: Shopper): string[] {
  return kinds
    .filter((kind) => steps[kind] > 0)
    .flatMap((kind) => Object.entries(valuesAt[kind](steps[kind], person)).map((entry) => [kind, ...entry] as const))
    .filter(([, field, value]) => userInfo[field] !== value)
    .map(([kind, field, value]) => `${person.id}: ${kind} left ${field} at ${value}, and it is ${userInfo[field]}`);
}

/** The fields in which both sides differ; one that has no value is left out here, and null or "" there. */
function differencesBetween({ person }: Linked, userInfo: Shopper, shopper: Shopper): string[] {
  const { webshop_customer_id: id, ...fields } = userInfo;
  const theirs: Shopper = { ...shopper, ...(shopper.mailing_list as object), ...(shopper.opt_in_programme as object) };
  const names = new Set([...Object.keys(fields), ...sharedNames]);
  return [...names]
    .map((name) => [name, fields[name] ?? '', theirs[name] ?? ''] as const)
    .concat([['id', String(id), theirs.authentication_point_identifier ?? '']])
    .filter(([, ours, other]) => ours !== other)
    .map(([name, ours, other]) => `${person.id}: ${name} is ${ours} here and ${other} there`);
}

const sharedNames = [
  'birthday',
  'gender',
  'address_streetname',
  'address_housenumber',
  'address_housenumber_extension',
  'address_postalcode',
  'country_code',
];

/** Phones that went back here, at any time: something older won against something later. */
async function setbacks(url: string): Promise<string[]> {
  const entries = await withDatabase(url, (select) =>
    select<{ customer_id: number; before: string; after: string }>(
      `select customer_id, before, after from history where field = 'phone' order by id`,
    ),
  );
  return entries
    .filter(({ before, after }) => before !== null && before !== 'null' && before > after)
    .map(({ customer_id: id, before, after }) => `${id}: the phone went back from ${before} to ${after}`);
}

/** Pushes that came too late or too often: phones only grow, and no more is sent than was changed. */
function disorderIn({ person, steps }: Linked, pushes: readonly JournalEntry[]): string[] {
  const own = pushes.map(({ parameters }) => parameters);
  const faults: string[] = [];
  const phones = own.flatMap(({ phone_number: phone }) => (phone ? [String(phone)] : []));
  if (phones.join() !== phones.toSorted().join()) faults.push(`${person.id}: phones in the order ${phones}`);
  const turns = own.map((each) => JSON.stringify(each)).filter((each, index, all) => each !== all[index - 1]);
  const changes = Object.values(steps).reduce((sum, count) => sum + count, 0);
  if (turns.length > changes) faults.push(`${person.id}: ${changes} changes made ${turns.length} pushes`);
  return faults;
}
