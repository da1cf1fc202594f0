import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/storage/index.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { describeWithRedis, redisOfSuite } from '../redis.ts';
import { bundledBinary } from './run-foyer.ts';

interface Check {
  check: string;
  status: 'ok' | 'warn' | 'fail';
  message: string;
  advice?: string;
  details?: string[];
}

const foyer = bundledBinary();

async function examine(env: Record<string, string>) {
  const { code, document } = await foyer.json(['doctor'], { FOYER_PORT: '0', ...env });
  const { status, checks } = document as { status: string; checks: Check[] };
  return { code, status, checks, named: (name: string) => checks.filter(({ check }) => check === name) };
}

describe('foyer doctor where nothing is yet', () => {
  it('finds nothing wrong and makes nothing', async () => {
    const { code, status, named } = await examine({});
    expect([code, status]).toEqual([0, 'ok']);
    expect(named('database')[0]?.message).toContain('does not exist yet');
    expect(named('native modules')).toEqual([expect.objectContaining({ status: 'ok' })]);
    expect(readdirSync(foyer.folder)).toEqual([]);
  });

  it('prints a line per check with advice below, and no colours into a pipe', async () => {
    const env = { FOYER_DATABASE_URL: 'sqlite:/dev/null/foyer.db', FOYER_PORT: '0' };
    const { code, stdout, stderr } = await foyer.run(['doctor'], env);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^fail {2}data folder {5}\S.*\n {8}-> let this user write there/m);
    expect(stdout).toMatch(/^\d warnings?, 1 failure$/m);
    expect(stdout.includes('\u001b')).toBe(false);
  });

  it('shows the settings that differ, with secrets masked', async () => {
    const { named } = await examine({ FOYER_PEPPER: 'geheim', FOYER_SPAAZA_SECRET_123: 'key:geheim' });
    expect(named('configuration')[0]?.details).toEqual([
      'FOYER_PORT=0',
      'FOYER_PEPPER=***',
      'FOYER_SPAAZA_SECRET_123=***',
    ]);
  });

  it('tells the faults of the configuration and still looks at the machine', async () => {
    const { code, named } = await examine({ FOYER_PORT: 'x', FOYER_HOST: '!' });
    expect(code).toBe(1);
    expect(named('configuration')[0]).toMatchObject({
      status: 'fail',
      details: [expect.any(String), expect.any(String)],
    });
    expect(named('node')[0]?.status).toBe('ok');
  });

  it('tells a port that another program has', async () => {
    const other = createServer((_request, response) => response.end('{"status":"ok"}'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const { code, named } = await examine({ FOYER_PORT: String(port) });
      expect([code, named('port')[0]?.message]).toEqual([1, `127.0.0.1:${port} is in use by another program`]);
    } finally {
      other.close();
    }
  });

  it('tells a file that is no database', async () => {
    mkdirSync(join(foyer.folder, 'letters'));
    writeFileSync(join(foyer.folder, 'letters', 'letter.txt'), 'Dear customer, '.repeat(100));
    const { code, named } = await examine({ FOYER_DATABASE_URL: 'sqlite:letters/letter.txt' });
    expect([code, named('database')[0]?.message]).toEqual([1, expect.stringContaining('file is not a database')]);
  });

  it('tells that the database server does not answer, without its password', async () => {
    const { code, checks, named } = await examine({ FOYER_DATABASE_URL: 'postgres://foyer:geheim@localhost:1/foyer' });
    expect([code, named('database')[0]?.status]).toEqual([1, 'fail']);
    expect(named('data folder')).toEqual([]);
    expect(JSON.stringify(checks)).not.toContain('geheim');
  });
});

describe('foyer doctor for Redis', () => {
  it('looks for none unless it is told of one', async () => {
    expect((await examine({})).named('redis')).toEqual([]);
  });

  it('fails where none answers, without the password', async () => {
    const { code, checks, named } = await examine({ FOYER_REDIS_URL: 'redis://:geheim@127.0.0.1:1' });
    expect([code, named('redis')]).toEqual([
      1,
      [
        {
          check: 'redis',
          status: 'fail',
          message: expect.stringContaining('ECONNREFUSED'),
          advice: expect.stringContaining('each node counts for itself'),
        },
      ],
    ]);
    expect(named('configuration')[0]?.details).toContain('FOYER_REDIS_URL=***');
    expect(JSON.stringify(checks)).not.toContain('geheim');
  });

  it('gives up on a server that says nothing', async () => {
    const silent = createNetServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      const { code, named } = await examine({ FOYER_REDIS_URL: `redis://127.0.0.1:${port}` });
      expect([code, named('redis')[0]?.message]).toEqual([1, 'No answer within 1000 ms']);
    } finally {
      silent.close();
    }
  });

  describeWithRedis('that runs', () => {
    const redis = redisOfSuite('open/sesame@5');
    beforeAll(() => redis.start());

    it('is content when it may write there, and says so', async () => {
      const { named } = await examine({ FOYER_REDIS_URL: redis.url });
      expect(named('redis')).toEqual([{ check: 'redis', status: 'ok', message: 'Redis answers, and can be written' }]);
    });

    it('tells a wrong password and a missing right', async () => {
      const { code, named } = await examine({ FOYER_REDIS_URL: redis.url.replace('sesame', 'barley') });
      expect([code, named('redis')[0]?.message]).toEqual([1, expect.stringContaining('WRONGPASS')]);
      expect(redis.ask('acl', 'setuser', 'reader', 'on', '>look', '~*', '+get')).toBe('OK');
      const reader = await examine({ FOYER_REDIS_URL: redis.url.replace(/:[^:]*@/, 'reader:look@') });
      expect([reader.code, reader.named('redis')[0]?.message]).toEqual([1, expect.stringContaining('NOPERM')]);
    });
  });
});

describe.each(databaseKinds)('foyer doctor on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    env = { FOYER_DATABASE_URL: database.url };
  });
  afterAll(() => database.drop());

  it.runIf(kind === 'postgres')('fails while the migrations have not run', async () => {
    const { code, named } = await examine(env);
    expect(code).toBe(1);
    expect(named('migrations')[0]).toMatchObject({ status: 'fail', advice: expect.stringContaining('foyer migrate') });
  });

  it('warns of a database that was migrated and is empty', async () => {
    expect((await foyer.run(['migrate'], env)).code).toBe(0);
    const { code, status, named } = await examine(env);
    expect([code, status]).toEqual([0, 'warn']);
    expect(named('topology')[0]).toMatchObject({
      status: 'warn',
      advice: expect.stringContaining('foyer topology apply'),
    });
    expect(named('keys')[0]).toMatchObject({ status: 'warn', advice: expect.stringContaining('foyer key create') });
  });

  it('is content with a topology, a key and a credential for every chain', async () => {
    const topology = `
chains: [{id: 123, api: https://api.spaaza.example, hostname: museum.example}]
websites: [{id: 1, code: museum, name: Museum, chain: 123}]
stores: [{id: 1, code: tickets, name: Tickets, website: museum, default: true}]
`;
    expect((await foyer.run(['topology', 'apply', '-'], env, topology)).code).toBe(0);
    expect((await foyer.run(['key', 'create', 'spaaza', '--scope', 'customer_read'], env)).code).toBe(0);
    const { code, status, checks } = await examine({ ...env, FOYER_SPAAZA_SECRET_123: 'key:geheim' });
    expect([code, status, checks.filter((found) => found.status !== 'ok')]).toEqual([0, 'ok', []]);
    expect(JSON.stringify(checks)).not.toContain('geheim');
  });

  it('tells chains whose link is off, and settings of chains that do not exist', async () => {
    const { code, named } = await examine({ ...env, FOYER_SPAAZA_SECRET_321: 'key:secret' });
    expect(code).toBe(0);
    expect(named('loyalty')).toMatchObject([
      { status: 'warn', message: 'chain 123: link off, there is no credential' },
      { status: 'warn', message: 'chain 321: configured, but not in the topology' },
    ]);
  });

  it('warns while maintenance is on', async () => {
    expect((await foyer.run(['maintenance', 'on'], env)).code).toBe(0);
    expect((await examine(env)).named('maintenance')[0]).toMatchObject({ status: 'warn' });
    expect((await foyer.run(['maintenance', 'off'], env)).code).toBe(0);
  });

  it('fails for a website without a store, and for a clock behind the database', async () => {
    const store = openStore({ url: database.url, poolSize: 1, statementTimeoutMs: 5_000 });
    await store.transaction(async (tx) => {
      const lonely = { id: 9, code: 'lonely', name: 'Lonely', poolId: 1, chainId: null };
      await tx.topology.saveWebsite({ ...lonely, generalNewsletterGroupId: null, couplesNewsletter: false });
      await tx.keys.touch(1, '2199-01-01T00:00:00.000Z');
    });
    await store.close();
    const { code, named } = await examine(env);
    expect(code).toBe(1);
    expect(named('topology')[0]).toMatchObject({
      status: 'fail',
      details: ['websites[1].stores: there must be at least one'],
    });
    expect(named('clock')[0]).toMatchObject({ status: 'fail', message: expect.stringContaining('2199') });
  });
});
