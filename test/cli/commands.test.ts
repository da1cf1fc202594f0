import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { bundledBinary, type Ended } from './run-foyer.ts';

const foyer = bundledBinary();

const museum = `
chains: [{id: 123, api: https://api.spaaza.example, hostname: museum.example}]
newsletter_groups: [{id: 1, name: General}, {id: 2, name: Concerts}]
websites: [{id: 1, code: museum, name: Museum, chain: 123, general_newsletter_group: 1}]
stores:
  - {id: 1, code: tickets, name: Tickets, website: museum, hosts: [tickets.example], default: true}
`;

describe.each(databaseKinds)('commands in a row on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;
  const run = (...args: string[]): Promise<Ended> => foyer.run(args, env);
  const json = (...args: string[]) => foyer.json(args, env);

  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    env = { FOYER_DATABASE_URL: database.url };
  });
  afterAll(() => database.drop());

  it('plans migrations without running one', async () => {
    for (const _ of ['once', 'twice']) {
      const { code, document } = await json('migrate', '--plan');
      expect(code).toBe(0);
      expect(document).toEqual({
        is_plan: true,
        migrations: expect.arrayContaining(['0001-customer-base']),
        indexed_customers: 0,
      });
    }
    if (kind === 'sqlite') expect(existsSync(database.url.slice('sqlite:'.length))).toBe(false);
  });

  it.runIf(kind === 'postgres')('refuses work before the migration and says how to go on', async () => {
    for (const args of [['key', 'list'], ['topology', 'show'], ['maintenance', 'on'], ['serve']]) {
      const { code, stdout, stderr } = await foyer.run(args, { ...env, FOYER_PORT: '0' });
      expect([args, code, stdout]).toEqual([args, 3, '']);
      expect(stderr).toMatch(/^foyer: The database lacks 0001-customer-base.*: run foyer migrate\.\n$/);
    }
    const { code, document } = await json('key', 'list');
    expect(code).toBe(3);
    expect(document).toMatchObject({ error: { code: 'not_migrated' } });
  });

  it('migrates, and has nothing to do the second time', async () => {
    expect((await run('migrate')).stdout).toMatch(/^Ran 0001-customer-base$/m);
    expect(await run('migrate')).toEqual({ code: 0, stdout: 'The schema is up to date.\n', stderr: '' });
    expect((await json('migrate')).document).toEqual({ is_plan: false, migrations: [], indexed_customers: 0 });
  });

  it('says of an empty database that it is empty and what serve would start with, and leaves it empty', async () => {
    const { code, stdout } = await run('topology', 'show');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# The database has no topology yet\. This is what foyer serve would start with\.$/m);
    expect(parse(stdout)).toMatchObject({ websites: [{ code: 'default' }], stores: [{ code: 'default' }] });
    expect((await json('topology', 'show')).document).toMatchObject({ is_stored: false });
    expect((await json('maintenance', 'status')).document).toEqual({ is_on: false, since: null });
  });

  it('refuses what needs a topology while there is none', async () => {
    for (const args of [
      ['maintenance', 'on'],
      ['customer', 'show', '402'],
    ]) {
      const { code, stderr } = await run(...args);
      expect([code, stderr]).toEqual([1, expect.stringContaining('foyer topology apply')]);
    }
  });

  it('tries a topology without writing it, applies it, and finds nothing to do the second time', async () => {
    const apply = (...options: string[]) => foyer.run(['topology', 'apply', '-', ...options], env, museum);
    expect((await apply('--dry-run')).stdout).toMatch(/^added +website 1\n(.*\n)*Would apply 6 changes\.\n$/m);
    expect((await json('topology', 'show')).document).toMatchObject({ is_stored: false });
    expect((await apply()).stdout).toMatch(/Applied 6 changes\.\n$/);
    expect(await apply()).toEqual({ code: 0, stdout: 'Nothing to change.\n', stderr: '' });
    const again = await apply('--json');
    expect(JSON.parse(again.stdout)).toEqual({ is_dry_run: false, changes: [] });
  });

  it('tells what differs by the names of the file, and what is not in it', async () => {
    const changed = museum
      .replace(', hosts: [tickets.example]', ', hosts: [tickets.example, localhost], newsletter_groups: [1]')
      .replace(', {id: 2, name: Concerts}', '');
    const { stdout } = await foyer.run(['topology', 'apply', '-'], env, changed);
    expect(stdout).toMatch(/^kept +newsletter group 2 +not in the file$/m);
    expect(stdout).toMatch(/^changed +store 1 +hosts, newsletter_groups$/m);
    expect(stdout).toMatch(/^Applied 1 change\.$/m);
  });

  it('shows a topology that apply reads back as the same', async () => {
    const { stdout } = await run('topology', 'show');
    expect(stdout).toContain('tickets.example');
    const { stdout: applied } = await foyer.run(['topology', 'apply', '-'], env, stdout);
    expect(applied).toBe('Nothing to change.\n');
    const { document } = await json('topology', 'show');
    expect(document).toEqual({ is_stored: true, topology: parse(stdout) });
    expect((await foyer.run(['topology', 'apply', '-'], env, JSON.stringify(parse(stdout)))).code).toBe(0);
  });

  it('refuses a topology as a whole, each fault with its line', async () => {
    const broken = museum
      .replace('website: museum', 'website: museum, locale: fr')
      .replace(': 1, code: mus', ': 1, code: 1mus');
    const { code, stdout, stderr } = await foyer.run(
      ['topology', 'apply', '-'],
      env,
      broken.replace('website: museum', 'website: 1museum'),
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.split('\n')).toEqual([
      'foyer: The topology file was refused; nothing was changed.',
      '  line 4: websites[0].code: 1museum is not valid',
      '  line 6: stores[0].locale: fr is not valid',
      '',
    ]);
    const badShape = await foyer.run(['topology', 'apply', '-', '--json'], env, 'websites: [\n');
    expect(badShape.code).toBe(1);
    expect(JSON.parse(badShape.stderr)).toEqual({
      error: { code: 'topology_refused', message: expect.any(String), faults: [expect.stringMatching(/^line 2: /)] },
    });
  });

  it('makes a key, shows it once and nothing but it on stdout, lists it without it, and revokes it', async () => {
    const made = await run(
      'key',
      'create',
      ' spaaza ',
      '--scope',
      'customer_read',
      '--scope',
      'customer_write',
      '--scope',
      'customer_read',
    );
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^foyer_[\w-]{22}\n$/) });
    expect(made.stderr).toMatch(/^This is key 1\. /);
    const list = await run('key', 'list');
    expect(list.stdout.split('\n')[1]).toMatch(
      /^1 +spaaza +live +all +customer_read,customer_write +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +-$/,
    );
    expect(list.stdout).not.toContain(made.stdout.trim());
    expect(await run('key', 'revoke', '1')).toEqual({ code: 0, stdout: 'Key 1 is revoked.\n', stderr: '' });
    expect((await run('key', 'list')).stdout).toMatch(/^1 +spaaza +revoked/m);
  });

  it('binds a key to a website, and gives all of it as JSON', async () => {
    const { document } = await json('key', 'create', 'shop', '--scope', 'customer_read', '--website', 'museum');
    expect(document).toEqual({
      id: 2,
      name: 'shop',
      key: expect.stringMatching(/^foyer_/),
      scopes: ['customer_read'],
      website: 'museum',
    });
    const list = await json('key', 'list');
    expect(list.document).toEqual({
      keys: [
        expect.objectContaining({ id: 1, revoked_at: expect.stringMatching(/Z$/) }),
        {
          id: 2,
          name: 'shop',
          scopes: ['customer_read'],
          website: 'museum',
          created_at: expect.stringMatching(/Z$/),
          last_used_at: null,
          revoked_at: null,
        },
      ],
    });
    expect(JSON.stringify(list.document)).not.toMatch(/hash/i);
  });

  it('refuses a key for nobody and for a website that does not exist', async () => {
    const { code, document } = await json('key', 'create', ' ', '--scope', 'customer_read', '--website', 'musuem');
    expect(code).toBe(1);
    expect(document).toEqual({
      error: {
        code: 'validation_failed',
        message: expect.any(String),
        faults: ['name: must not be empty', 'website: musuem is not known'],
      },
    });
    expect((await json('key', 'list')).document).toMatchObject({ keys: [{ id: 1 }, { id: 2 }] });
  });

  it.each(['1', '77'])('does not find key %s, revoked or never made, for revoking', async (id) => {
    const { code, document } = await json('key', 'revoke', id);
    expect([code, document]).toEqual([4, { error: { code: 'key_unknown', message: expect.any(String) } }]);
  });

  it('closes and opens the doors, and keeps the moment when it is done twice', async () => {
    const on = await json('maintenance', 'on');
    expect(on.document).toEqual({ is_on: true, since: expect.stringMatching(/Z$/) });
    expect((await json('maintenance', 'on')).document).toEqual(on.document);
    expect((await json('maintenance', 'status')).document).toEqual(on.document);
    expect((await run('maintenance', 'status')).stdout).toMatch(/^Maintenance is on since .* UTC\.$/m);
    for (const _ of ['once', 'twice']) {
      expect(await run('maintenance', 'off')).toEqual({ code: 0, stdout: 'Maintenance is off.\n', stderr: '' });
    }
  });
});

describe('commands on a place where nothing is yet', () => {
  it('makes the default database and topology for the first key, and says so', async () => {
    const { code, stdout, stderr } = await foyer.run(['key', 'create', 'first', '--scope', 'customer_read']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^foyer_/)]);
    expect(stderr).toMatch(/^The database was empty and now has the default topology\.$/m);
    expect(existsSync(join(foyer.folder, 'data', 'foyer.db'))).toBe(true);
    expect((await foyer.json(['topology', 'show'])).document).toMatchObject({ is_stored: true });
  });
});
