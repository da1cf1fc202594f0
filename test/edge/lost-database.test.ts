import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { type RunningApp, serveDatabase } from '../start-app.ts';
import { type Answer, authenticate, bruce, john, send, signIn, tokenOf, userInfo } from './clients.ts';

let database: FreshDatabase;
let running: RunningApp;
let operator: pg.Client;
let token: Record<string, string>;

beforeAll(async () => {
  database = await freshDatabaseUrl('postgres');
  running = await serveDatabase(database.url, { FOYER_RATE_LIMIT: 'off', FOYER_HASH_MAX_WAIT_MS: '60000' });
  operator = new pg.Client({ connectionString: inject('postgresUrl') });
  await operator.connect();
  token = tokenOf(await signIn(running.url, bruce));
});
afterAll(async () => {
  await admitConnections(true);
  await running.stop();
  await operator.end();
  await database.drop();
});

const name = () => new URL(database.url).pathname.slice(1);
const admitConnections = (isAdmitted: boolean) =>
  operator.query(`alter database ${name()} with allow_connections ${isAdmitted}`);
const cutConnections = () =>
  operator.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name()]);

/** Takes the database away, as a server that is restarted does, and gives it back at the end. */
async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  await admitConnections(false);
  await cutConnections();
  try {
    await work();
  } finally {
    await admitConnections(true);
  }
}

const json = { 'content-type': 'application/json' };
const gomusRequests: [string, () => Promise<Answer>][] = [
  ['sign-in', () => signIn(running.url, bruce)],
  ['sign-in of nobody', () => signIn(running.url, { email: 'nobody@example.com', password: 'x' })],
  ['token check', () => send(`${running.url}/api/v4/auth/validate_token`, { headers: token })],
  [
    'update',
    () =>
      send(`${running.url}/api/v4/auth`, { method: 'PUT', headers: { ...json, ...token }, body: '{"surname":"W"}' }),
  ],
  [
    'sign-up',
    () =>
      send(`${running.url}/api/v4/auth`, {
        method: 'POST',
        headers: json,
        body: '{"email":"new@example.com","password":"long enough","name":"A","surname":"B"}',
      }),
  ],
  ['list', () => send(`${running.url}/api/v4/customers`, { headers: { authorization: `Bearer ${demoKey}` } })],
];
const spaazaRequests: [string, () => Promise<Answer>][] = [
  ['authenticate', () => authenticate(running.url, john)],
  ['user info', () => userInfo(running.url, 39)],
  [
    'update',
    () =>
      send(`${running.url}/rest/V1/spaaza/customer/update`, {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${demoKey}` },
        body: '{"user_info":{"user_id":3362356,"first_name":"Johnny"}}',
      }),
  ],
];

describe('while the database is gone', () => {
  it('the server lives, is not ready, and every request that needs it gets 503 in the shape of its wire', async () => {
    await withoutDatabase(async () => {
      await expect.poll(async () => (await send(`${running.url}/readyz`)).status).toBe(503);
      const ready = await send(`${running.url}/readyz`);
      expect(ready.json()).toEqual({ status: 'unavailable', database: 'down' });
      expect(ready.headers.get('retry-after')).toBe('2');
      expect((await send(`${running.url}/livez`)).status).toBe(200);
      expect((await send(`${running.url}/health`)).json()).toMatchObject({ status: 'unavailable', database: 'down' });
      expect((await send(`${running.url}/api/v4/version`)).status).toBe(200);

      for (const [what, request] of gomusRequests) {
        const { status, headers, json: body } = await request();
        expect([what, status, headers.get('retry-after')]).toEqual([what, 503, '2']);
        expect(body()).toEqual({ error: expect.any(String), errors: [body().error] });
      }
      for (const [what, request] of spaazaRequests) {
        const { status, headers, json: body } = await request();
        expect([what, status, headers.get('retry-after')]).toEqual([what, 503, '2']);
        expect(body()).toEqual({
          message: 'The service is unavailable at the moment. Please try again later.',
        });
      }
    });
    await expect.poll(async () => (await send(`${running.url}/readyz`)).status).toBe(200);
    for (const [what, request] of [...gomusRequests, ...spaazaRequests]) {
      expect([what, (await request()).status]).not.toEqual([what, 503]);
    }
  });

  it('nobody hangs whose request was under way, and nobody gets a 500', async () => {
    const underWay = Array.from({ length: 20 }, () => [signIn(running.url, bruce), userInfo(running.url, 1)]).flat();
    await withoutDatabase(async () => {
      const statuses = (await Promise.all(underWay)).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
      expect(statuses).toContain(503);
    });
    await expect.poll(async () => (await signIn(running.url, bruce)).status).toBe(200);
  });

  it('an attempt counts as no failure', async () => {
    await withoutDatabase(async () => {
      const wrong = { ...john, password: 'certainly wrong' };
      const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(running.url, wrong)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    });
    expect((await signIn(running.url, john)).status).toBe(200);
  });

  it('the log says why, without the password of the database', () => {
    expect(running.rawLog()).toMatch(/terminat|not currently accepting connections/);
    expect(running.rawLog()).not.toContain(new URL(database.url).password);
  });
});

describe('connections that are all taken', () => {
  it('keep no node from hearing that the doors are closed', async () => {
    const node = await serveDatabase(database.url, { FOYER_DATABASE_POOL: '1', FOYER_DATABASE_TIMEOUT_MS: '60000' });
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('begin');
    await holder.query('lock table customers in access exclusive mode');
    const waiting = userInfo(node.url, 1);
    try {
      await running.app.accounts.setMaintenance({ isOn: true });
      await expect.poll(() => node.app.accounts.directory.maintenanceSince, { timeout: 10_000 }).toBeDefined();
      expect((await userInfo(node.url, 1)).headers.get('retry-after')).toBe('60');
    } finally {
      await holder.query('rollback');
      await holder.end();
      await running.app.accounts.setMaintenance({ isOn: false });
      await node.stop();
    }
    expect((await waiting).status).toBe(200);
  });
});

describe('connections that are cut', () => {
  it('are replaced: the next requests succeed', async () => {
    await cutConnections();
    await expect.poll(async () => (await userInfo(running.url, 1)).status).toBe(200);
    expect((await signIn(running.url, bruce)).status).toBe(200);
  });
});
