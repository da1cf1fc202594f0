import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hashNetwork } from '../../src/accounts/session.ts';
import { type FreshDatabase, freshDatabaseUrl, runStatement } from '../dialects.ts';
import { describeWithRedis, redisOfSuite } from '../redis.ts';
import { type RunningApp, serveDatabase, startApp } from '../start-app.ts';
import { bruce, john, send, signIn } from './clients.ts';

const environment = {
  FOYER_TRUST_PROXY: 'loopback',
  FOYER_IP_FAILURES: '6',
  FOYER_LOCK_FAILURES: '4',
  FOYER_HASH_CONCURRENCY: '2',
  FOYER_HASH_MAX_WAIT_MS: '60000',
};

let database: FreshDatabase | undefined;
const nodes: RunningApp[] = [];
/** Starts one node more on one database. */
async function startNode(env: Record<string, string> = {}): Promise<RunningApp> {
  database ??= await freshDatabaseUrl('postgres');
  // The first brings the people.
  const options = nodes.length === 0 ? {} : { seed: async () => undefined };
  const node = await serveDatabase(database.url, { ...environment, ...env }, options);
  nodes.push(node);
  return node;
}
async function endAll(): Promise<void> {
  for (const node of nodes.splice(0)) await node.stop();
  await database?.drop();
  database = undefined;
}

async function windowKeys(): Promise<string[]> {
  const client = new pg.Client({ connectionString: database!.url });
  await client.connect();
  const { rows } = await client.query<{ key: string }>('select key from rate_windows');
  await client.end();
  return rows.map(({ key }) => key);
}

let lastPerson = 0;
/** A wrong password for an e-mail of its own, so that no account is locked. */
async function guess(node: RunningApp, from: string): Promise<number> {
  lastPerson += 1;
  const wrong = { email: `person${lastPerson}@example.com`, password: 'certainly wrong' };
  return (await signIn(node.url, wrong, { from })).status;
}
async function guesses(node: RunningApp, from: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i += 1) statuses.push(await guess(node, from));
  return statuses;
}
let lastName = 0;
async function signUp({ url }: RunningApp, from: string): Promise<number> {
  lastName += 1;
  const account = { email: `new${lastName}@example.com`, password: 'long enough', name: 'A', surname: 'B' };
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
  return (await send(`${url}/api/v4/auth`, { method: 'POST', headers, body: JSON.stringify(account) })).status;
}
const times = (count: number, status: number): number[] => new Array<number>(count).fill(status);
const scopeOf = async ({ url }: RunningApp) => (await send(`${url}/health`)).json().rate_limits;
const becomes = (node: RunningApp, scope: string) =>
  vi.waitFor(async () => expect(await scopeOf(node)).toBe(scope), { timeout: 10_000, interval: 50 });
const logged = ({ logs }: RunningApp, text: string) => logs.filter(({ msg }) => msg === text).length;
const aloneText = 'rate limits are counted by this node alone';
const againText = 'rate limits are shared with the other nodes again';

describe('two nodes on one PostgreSQL', () => {
  let one: RunningApp;
  let other: RunningApp;
  beforeAll(async () => {
    one = await startNode();
    other = await startNode();
  });
  afterAll(endAll);

  it('count the failures of a network together', async () => {
    expect([await scopeOf(one), await scopeOf(other)]).toEqual(['shared', 'shared']);
    expect(await guesses(one, '203.0.113.1', 4)).toEqual(times(4, 401));
    expect(await guesses(other, '203.0.113.1', 3)).toEqual([401, 401, 429]);
    const refused = await signIn(one.url, bruce, { from: '203.0.113.1' });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(200);
    expect((await signIn(one.url, bruce, { from: '203.0.113.2' })).status).toBe(200);
  });

  it('lock an account together', async () => {
    const wrong = { ...john, password: 'certainly wrong' };
    for (const [index, node] of [one, other, one, other].entries()) {
      expect((await signIn(node.url, wrong, { from: `203.0.113.${10 + index}` })).text).not.toMatch(/locked/i);
    }
    for (const node of [one, other]) {
      expect((await signIn(node.url, john, { from: '203.0.113.20' })).text).toMatch(/locked/i);
    }
  });

  it('count the sign-ups of a network together', async () => {
    const almostAll = `'sign-up:${hashNetwork('203.0.113.40')}', 299, ${Date.now() + 60_000}`;
    await runStatement(database!.url, `insert into rate_windows values (${almostAll})`);
    expect([await signUp(one, '203.0.113.40'), await signUp(other, '203.0.113.40')]).toEqual([200, 429]);
    expect(await signUp(one, '203.0.113.41')).toBe(200);
  });

  it('keep no address in the database', async () => {
    const keys = await windowKeys();
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !/^sign-(?:in|up):[\w-]{43}$/.test(key))).toEqual([]);
  });

  it('remove windows whose time is up, and no others', async () => {
    await runStatement(database!.url, `insert into rate_windows values ('sign-in:long-ago', 3, ${Date.now() - 1_000})`);
    await runStatement(database!.url, `insert into rate_windows values ('sign-in:now', 3, ${Date.now() + 60_000})`);
    await one.app.store.windows!.deleteExpired();
    const keys = await windowKeys();
    expect(keys).toContain('sign-in:now');
    expect(keys).not.toContain('sign-in:long-ago');
  });

  it('go on by themselves while the table is out of reach, and say so once', async () => {
    await runStatement(database!.url, 'alter table rate_windows rename to away');
    try {
      expect(await guesses(one, '203.0.113.30', 7)).toEqual([...times(6, 401), 429]);
      expect(await scopeOf(one)).toBe('local');
      expect((await signIn(one.url, bruce, { from: '203.0.113.31' })).status).toBe(200);
    } finally {
      await runStatement(database!.url, 'alter table away rename to rate_windows');
    }
    await becomes(one, 'shared');
    expect([logged(one, aloneText), logged(one, againText)]).toEqual([1, 1]);
  });
});

describeWithRedis('two nodes with one Redis', () => {
  const redis = redisOfSuite('open/sesame@5');
  let one: RunningApp;
  let other: RunningApp;
  beforeAll(async () => {
    await redis.start();
    one = await startNode({ FOYER_REDIS_URL: redis.url });
    other = await startNode({ FOYER_REDIS_URL: redis.url });
    for (const node of [one, other]) await becomes(node, 'shared');
  });
  afterAll(endAll);

  it('count the failures of a network together, and not in the database', async () => {
    expect(await guesses(one, '203.0.113.1', 4)).toEqual(times(4, 401));
    expect(await guesses(other, '203.0.113.1', 3)).toEqual([401, 401, 429]);
    expect(Number((await signIn(one.url, bruce, { from: '203.0.113.1' })).headers.get('retry-after'))).toBeGreaterThan(
      200,
    );
    expect((await signIn(one.url, bruce, { from: '203.0.113.2' })).status).toBe(200);
    expect(await windowKeys()).toEqual([]);
  });

  it('count the sign-ups of a network together', async () => {
    redis.ask('set', `foyer:sign-up:${hashNetwork('203.0.113.40')}`, '299', 'EX', '60');
    expect([await signUp(one, '203.0.113.40'), await signUp(other, '203.0.113.40')]).toEqual([200, 429]);
    expect(await signUp(one, '203.0.113.41')).toBe(200);
  });

  it('keep no address there, and nothing for ever', () => {
    const keys = redis.ask('keys', '*').split('\n');
    expect(keys.filter((key) => !/^foyer:(?:check|sign-(?:in|up):[\w-]{43})$/.test(key))).toEqual([]);
    expect(keys.length).toBeGreaterThan(1);
    for (const key of keys) expect(Number(redis.ask('ttl', key))).toBeGreaterThan(0);
  });

  it('go on by themselves when it is gone, with what each has seen, and together again when it is back', async () => {
    expect(await guesses(one, '203.0.113.3', 4)).toEqual(times(4, 401));
    await redis.kill();
    expect(await guesses(one, '203.0.113.3', 3)).toEqual([401, 401, 429]);
    expect(await guesses(other, '203.0.113.3', 1)).toEqual([401]);
    for (const node of [one, other]) {
      await becomes(node, 'local');
      expect((await signIn(node.url, bruce, { from: '203.0.113.4' })).status).toBe(200);
    }
    await redis.start();
    for (const node of [one, other]) {
      await becomes(node, 'shared');
      expect([logged(node, aloneText), logged(node, againText)]).toEqual([1, 1]);
    }
    // It came back empty; the node that refused goes on refusing.
    expect(await guesses(one, '203.0.113.3', 1)).toEqual([429]);
    expect(await guesses(one, '203.0.113.5', 4)).toEqual(times(4, 401));
    expect(await guesses(other, '203.0.113.5', 3)).toEqual([401, 401, 429]);
  });

  it('wait for no answer that does not come', async () => {
    redis.freeze();
    try {
      expect((await signIn(one.url, bruce, { from: '203.0.113.6' })).status).toBe(200);
      expect(await guesses(one, '203.0.113.6', 7)).toEqual([...times(6, 401), 429]);
      await becomes(other, 'local');
    } finally {
      redis.wake();
    }
    for (const node of [one, other]) await becomes(node, 'shared');
    expect((await signIn(one.url, bruce, { from: '203.0.113.7' })).status).toBe(200);
  });

  it('never write its password to the log', () => {
    for (const node of [one, other]) {
      expect(node.rawLog()).toContain(aloneText);
      expect(node.rawLog()).not.toContain('sesame');
    }
  });
});

describeWithRedis('a node that starts before its Redis', () => {
  const redis = redisOfSuite();
  afterAll(endAll);

  it('serves, and shares its limits from when it is there', async () => {
    const one = await startNode({ FOYER_REDIS_URL: redis.url });
    expect((await signIn(one.url, bruce, { from: '203.0.113.1' })).status).toBe(200);
    await expect.poll(() => logged(one, aloneText)).toBe(1);
    await redis.start();
    await becomes(one, 'shared');
    expect(await guesses(one, '203.0.113.1', 1)).toEqual([401]);
    expect(redis.ask('keys', 'foyer:sign-in:*')).not.toBe('');
  });
});

describe('/health of a node by itself', () => {
  let running: RunningApp;
  afterEach(() => running.stop());

  it('says that limits are local on SQLite', async () => {
    running = await startApp('sqlite');
    expect(await scopeOf(running)).toBe('local');
  });

  it('says that limits are off, and no Redis is looked for then', async () => {
    running = await startApp('sqlite', {
      FOYER_RATE_LIMIT: 'off',
      FOYER_REDIS_URL: 'unix:///nowhere/redis.sock',
    });
    expect(await scopeOf(running)).toBe('off');
    expect(running.rawLog()).not.toMatch(/rate limits/);
  });
});
