import { CompiledQuery } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/storage/index.ts';
import { tableNames } from '../../src/storage/table-rows.ts';
import { databaseKinds } from '../dialects.ts';
import { addCustomer } from '../fixtures.ts';
import { type RunningApp, serveDatabase } from '../start-app.ts';
import * as gomus from '../wire/gomus/client.ts';
import * as spaaza from '../wire/spaaza/client.ts';
import { oddRows } from './full-database.ts';
import { contentsOf, databasesOfTests, move } from './moves.ts';

const databases = databasesOfTests();
const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

describe('a move', () => {
  it('from SQLite to PostgreSQL and back changes nothing', async () => {
    const first = await databases.full('sqlite', 2_500);
    const [second, third] = [await databases.empty('postgres'), await databases.empty('sqlite')];
    const there = await move(first, second);
    const back = await move(second, third);
    const before = await contentsOf(databases.open(first));
    expect(await contentsOf(databases.open(second))).toEqual(before);
    expect(await contentsOf(databases.open(third))).toEqual(before);
    expect(before.customers).toHaveLength(2_503);
    for (const table of tableNames) {
      if (table !== 'customers') expect(before[table]).toEqual([...oddRows[table]].sort(byText));
    }
    expect(back.tables).toEqual(there.tables);
    expect(there.tables.map(({ table }) => table)).toEqual(tableNames);
    expect(there.tables.find(({ table }) => table === 'customers')?.rows).toBe(2_503);
    expect(new Set(there.tables.map(({ checksum }) => checksum)).size).toBe(tableNames.length);
    expect([there.isResumed, there.isMaintenance]).toEqual([false, true]);
  });

  it.each(databaseKinds)('works between two databases of a kind (%s)', async (kind) => {
    const [from, to] = [await databases.full(kind), await databases.empty(kind)];
    await move(from, to);
    expect(await contentsOf(databases.open(to))).toEqual(await contentsOf(databases.open(from)));
  });

  it('takes nothing but data along, and leaves no trace of itself', async () => {
    const [from, to] = [await databases.full('sqlite'), await databases.empty('postgres')];
    await move(from, to);
    const target = databases.open(to);
    const names = await target.reader.run(CompiledQuery.raw('select name from settings order by name'));
    expect(names).toEqual(['debtor_number', 'maintenance_since', 'revision'].map((name) => ({ name })));
  });

  it.each([
    ['sqlite', 'postgres'],
    ['postgres', 'sqlite'],
  ] as const)('from %s to %s never gives an id again, not even one whose owner is erased', async (fromKind, toKind) => {
    const [from, to] = [await databases.full(fromKind), await databases.empty(toKind)];
    const source = openStore({ url: from, poolSize: 1, statementTimeoutMs: 10_000 });
    const erased = await addCustomer(source);
    await source.transaction(({ customers }) => customers.delete(erased));
    await source.close();
    await move(from, to);
    const target = openStore({ url: to, poolSize: 1, statementTimeoutMs: 10_000 });
    expect(erased).toBe(10_000_000_000);
    expect(await addCustomer(target)).toBe(erased + 1);
    expect(await addCustomer(target)).toBe(erased + 2);
    await target.close();
  });

  it('reports how many rows of how many are copied, then compared', async () => {
    const { progress } = await move(await databases.full('sqlite', 2_500), await databases.empty('sqlite'));
    const customers = progress.filter(({ table }) => table === 'customers');
    const counts = (step: string) => customers.filter((news) => news.step === step).map(({ rows }) => rows);
    expect(counts('copy')).toEqual([0, 1_000, 2_000, 2_503]);
    expect(counts('verify')).toEqual([1_000, 2_000, 2_503, 2_503]);
    expect(new Set(customers.map(({ total }) => total))).toEqual(new Set([2_503]));
  });
});

describe('the demo moved to PostgreSQL while its server is in maintenance', () => {
  const start = (url: string): Promise<RunningApp> => serveDatabase(url, { FOYER_RATE_LIMIT: 'off' });

  it('answers as documented once the doors are open, and knows sessions and new customers', async () => {
    const [from, to] = [await databases.empty('sqlite'), await databases.empty('postgres')];
    const old = await start(from);
    const tokens = await gomus.signIn(old, gomus.bruce.email, gomus.bruce.password);
    const last = await gomus.signUp(old);
    const johnBefore = await spaaza.userInfo(old, 39);
    await old.app.accounts.setMaintenance({ isOn: true });
    await move(from, to);
    const moved = await start(to);
    expect((await spaaza.call(moved, 'GET', '/user_info/39')).status).toBe(503);
    await moved.app.accounts.setMaintenance({ isOn: false });
    const john = await spaaza.userInfo(moved, 39);
    expect(john).toEqual(johnBefore);
    expect(john).toMatchObject({
      first_name: 'John',
      last_name: 'Doe',
      birthday: '2002-01-01',
      username: 'info@spaaza.com',
      webshop_customer_id: 39,
      gender: 'F',
      address_streetname: 'Dorpstraat',
      address_postalcode: '1000AA',
      phone_number: '0851234567',
    });
    expect((await spaaza.authenticate(moved, { ...spaaza.john, spaaza_chain_id: 123 })).json.customer_id).toBe(39);
    expect(await gomus.isSignedIn(moved, tokens)).toBe(true);
    expect((await gomus.signUp(moved)).id).toBe(last.id + 1);
    await old.stop();
    await moved.stop();
  });
});
