import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/storage/database.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from './dialects.ts';
import { nextMigrationsFor } from './next-release.ts';
import { scriptOfSuite } from './own-process.ts';
import { type RunningApp, serveDatabase } from './start-app.ts';
import * as gomus from './wire/gomus/client.ts';
import * as spaaza from './wire/spaaza/client.ts';

const migrateToNext = `
  import { openDatabase } from './src/storage/database.ts';
  import { nextMigrationsFor } from './test/next-release.ts';

  const database = openDatabase({ url: process.argv[2], poolSize: 1, statementTimeoutMs: 10_000 });
  for (const name of await database.migrate(nextMigrationsFor)) console.log(name);
  await database.close();
`;
const newNames = ['9001-nickname', '9002-wishes'];

describe.each(databaseKinds)('a server of this release (%s)', (kind) => {
  const runMigration = scriptOfSuite(migrateToNext);
  let fresh: FreshDatabase;
  let server: RunningApp;
  const start = () => serveDatabase(fresh.url, { FOYER_RATE_LIMIT: 'off' });

  beforeAll(async () => {
    fresh = await freshDatabaseUrl(kind);
    server = await start();
  });

  afterAll(async () => {
    await server.stop();
    await fresh.drop();
  });

  it('serves both wires while the next release’s migrations run, and after', async () => {
    const bruceBefore = await gomus.signIn(server, gomus.bruce.email, gomus.bruce.password);
    await visitBothWires(server);
    let isOver = false;
    let visits = 0;
    const visitUntilOver = async (): Promise<void> => {
      while (!isOver) {
        await visitBothWires(server);
        visits += 1;
      }
    };
    const visiting = visitUntilOver();
    const { lines } = await runMigration([fresh.url]);
    isOver = true;
    await visiting;
    expect(lines).toEqual(newNames);
    expect(visits).toBeGreaterThan(0);
    await visitBothWires(server);
    expect(await gomus.isSignedIn(server, bruceBefore)).toBe(true);
    expect(server.logs.filter((line) => Number(line.level) >= 50)).toEqual([]);
  });

  it('leaves empty what it does not know', async () => {
    const { id } = await gomus.signUp(server);
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    const query = `select next_nickname from customers where id = ${id}`;
    expect(await database.reader.run(CompiledQuery.raw(query))).toEqual([{ next_nickname: null }]);
    await database.close();
  });

  it('sees a change of settings that have a column it does not know', async () => {
    expect(await server.app.accounts.setMaintenance({ isOn: true })).toBeTypeOf('string');
    expect(server.app.accounts.directory.maintenanceSince).toBeTypeOf('string');
    await server.app.accounts.setMaintenance({ isOn: false });
    expect((await spaaza.userInfo(server, 1)).first_name).toBe('Veronica');
  });

  it('starts on a database that is ahead, says by what, and serves', async () => {
    await server.stop();
    server = await start();
    const warnings = server.logs.filter((line) => line.level === 40);
    expect(warnings).toEqual([expect.objectContaining({ migrations: newNames })]);
    expect(warnings[0]!.msg).toMatch(/ahead of this release/);
    expect(await server.app.store.pendingMigrations()).toEqual([]);
    expect(await server.app.store.migrate()).toEqual([]);
    await visitBothWires(server);
  });

  it('refuses to start once a later release has taken something away', async () => {
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate((types) => ({ ...nextMigrationsFor(types), '9003-contract-fax': { up: async () => {} } }));
    await database.close();
    await expect(start()).rejects.toThrow(/later release.*: 9003-contract-fax$/);
    expect((await spaaza.userInfo(server, 1)).first_name).toBe('Veronica'); // the one that runs is not disturbed
  });
});

/** Signs up, in and out, changes, reads and erases on both wires; throws or fails when any of it is refused. */
async function visitBothWires(server: RunningApp): Promise<void> {
  const account = await gomus.signUp(server);
  const headers = await gomus.signIn(server, account.email, account.password);
  const change = await gomus.call(server, 'PUT', '/auth', {
    headers,
    json: { mobile: '0170 1', newsletter_groups: '1,8' },
  });
  expect(change.json).toMatchObject({ status: 'success', data: { mobile: '0170 1', newsletter_groups: '8,1' } });
  const member = await spaaza.addMember(server, { address_towncity: 'Delft', country_code: 'NL' });
  const update = await spaaza.update(server, { user_id: member.userId, phone_number: '015 1' });
  expect(update.json).toMatchObject({ id: member.id, addresses: [{ city: 'Delft', telephone: '015 1' }] });
  expect(await spaaza.userInfo(server, member.id)).toMatchObject({ username: member.email, phone_number: '015 1' });
  const login = await spaaza.authenticate(server, { ...spaaza.john, spaaza_chain_id: 123 });
  expect(login.json).toMatchObject({ authenticated: true, customer_id: 39 });
  expect((await gomus.call(server, 'DELETE', '/auth', { headers })).status).toBe(200);
}
