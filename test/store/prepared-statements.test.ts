import { CompiledQuery } from 'kysely';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { search } from '../../src/storage/customer-search.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import * as failedAttempts from '../../src/storage/failed-attempts.ts';
import type { Handle } from '../../src/storage/handle.ts';
import { openStore } from '../../src/storage/index.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import { openPool, Statements } from '../../src/storage/postgres-driver.ts';
import * as settings from '../../src/storage/settings.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { newCustomer, saveTopology, smallTopology } from '../fixtures.ts';

describe('statements prepared on a PostgreSQL connection', () => {
  let fresh: FreshDatabase;
  let database: Database;

  const run = (handle: Handle, sql: string) => handle.run(CompiledQuery.raw(sql)) as Promise<{ name: string }[]>;
  const preparedNames = async () =>
    (await run(database.reader, 'select name from pg_prepared_statements order by name')).map(({ name }) => name);

  beforeAll(async () => {
    fresh = await freshDatabaseUrl('postgres');
  });

  // One connection, so that the next query meets what the last one left behind.
  beforeEach(async () => {
    await database?.close();
    database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
  });

  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  it('are those that run often, once each', async () => {
    for (let times = 0; times < 3; times += 1) await settings.readAll(database.reader);
    await settings.write(database.reader, 'seldom', 'x');
    expect(await preparedNames()).toEqual([expect.stringMatching(/^foyer_0_[0-9a-f]{20}$/)]);
  });

  it('are planned once, also where a value tells how many rows will be found', async () => {
    const store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await saveTopology(store, smallTopology);
    await store.transaction(async ({ customers }) => {
      for (let number = 0; number < 1_000; number += 1)
        await customers.insert(newCustomer({ familyName: `Number${number}` }));
    });
    await store.close();
    await run(database.reader, 'analyze');
    const asked = [[], ['number77'], ['grace', 'number78']].flatMap((words) =>
      [null, 1].map((websiteId) => ({ words, websiteId, page: 1, perPage: 5 })),
    );
    // PostgreSQL looks at the values of the first five runs before it can decide to do without.
    for (let runs = 0; runs < 8; runs += 1) for (const query of asked) await search(database.reader, query);
    const plans = (await database.reader.run(
      CompiledQuery.raw('select statement, custom_plans, generic_plans from pg_prepared_statements'),
    )) as { statement: string; custom_plans: number; generic_plans: number }[];
    expect(plans.filter((plan) => plan.custom_plans > 5)).toEqual([]);
    expect(plans.filter((plan) => plan.generic_plans > 0).length).toBeGreaterThan(5);
  });

  it('are given up when a pooler gave the connection to somebody else, and nobody notices', async () => {
    await settings.readAll(database.reader);
    await run(database.reader, 'deallocate all');
    expect((await settings.readAll(database.reader)).get('revision')).toBeDefined();
    expect(await preparedNames()).toEqual([]);
  });

  it('are given up when a pooler handed over a connection on which somebody prepared the same', async () => {
    await settings.readAll(database.reader);
    const [name] = await preparedNames();
    await database.close();
    database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await run(database.reader, `prepare ${name} as select 1`);
    await database.transaction(async (handle) => {
      await settings.write(handle, 'pooled', 'x');
      expect((await settings.readAll(handle)).get('pooled')).toBe('x');
    });
    expect(await preparedNames()).toEqual([name, 'foyer_0_begin']);
  });

  it('run the whole transaction again when they are lost in the middle of it', async () => {
    let runs = 0;
    const add = () =>
      database.transaction(async (handle) => {
        runs += 1;
        await settings.next(handle, 'revision');
        if (runs === 2) await run(handle, 'deallocate all');
        return settings.readAll(handle);
      });
    const before = Number((await add()).get('revision'));
    const after = Number((await add()).get('revision'));
    expect([runs, after - before]).toEqual([3, 1]);
  });

  it('fail the transaction on this database even if the work can do without them', async () => {
    const running = database.transaction(async (handle) => {
      await settings.write(handle, 'kept', 'x');
      await run(handle, 'select 1 / 0').catch(() => undefined);
      return 'all is well';
    });
    await expect(running).rejects.toMatchObject({ code: '22012' });
    expect((await settings.readAll(database.reader)).get('kept')).toBeUndefined();
    expect(await database.transaction(async (handle) => run(handle, `select 'n' as name`))).toEqual([{ name: 'n' }]);
  });

  it('are rolled back when the work fails before any of them has left', async () => {
    const running = database.transaction(async (handle) => {
      await handle.write(CompiledQuery.raw(`insert into settings (name, value) values ('lost', 'x')`));
      throw new Error('changed its mind');
    });
    await expect(running).rejects.toThrow('changed its mind');
    expect((await settings.readAll(database.reader)).get('lost')).toBeUndefined();
  });

  it('are prepared anew when a migration has changed what they give', async () => {
    await failedAttempts.find(database.reader, 'nobody');
    await run(database.reader, 'alter table failed_attempts add column of_a_later_release integer');
    expect(await failedAttempts.find(database.reader, 'nobody')).toBeUndefined();
    expect(await preparedNames()).toContainEqual(expect.stringMatching(/^foyer_1_/));
  });
});

describe('queries on prepared statements', () => {
  let fresh: FreshDatabase;
  let pool: pg.Pool;
  let client: pg.PoolClient;
  let statements: Statements;
  let descriptions: number;

  const run = (name: string, sql: string, ...values: unknown[]) =>
    statements.together(client).run({ name, sql, parameters: values });

  beforeAll(async () => {
    fresh = await freshDatabaseUrl('postgres');
    pool = openPool(fresh.url, 2, 10_000);
  });

  beforeEach(async () => {
    statements = new Statements();
    client = await pool.connect();
    descriptions = 0;
    client.connection.on('rowDescription', () => {
      descriptions += 1;
    });
  });

  afterEach(() => client.release(true));

  afterAll(async () => {
    await pool.end();
    await fresh.drop();
  });

  it('are described when a connection runs them first, and not again', async () => {
    const ask = (value: number) => run('sum', 'select $1::int + 1 as sum', value);
    expect([await ask(1), await ask(2), await ask(3)]).toEqual([[{ sum: 2 }], [{ sum: 3 }], [{ sum: 4 }]]);
    expect(descriptions).toBe(1);

    client.release(true);
    client = await pool.connect();
    expect(await ask(4)).toEqual([{ sum: 5 }]);
  });

  it('give rows when several go out behind each other before any was described', async () => {
    const sums = [1, 2, 3].map((value) => run('sum', 'select $1::int + 1 as sum', value));
    expect(await Promise.all(sums)).toEqual([[{ sum: 2 }], [{ sum: 3 }], [{ sum: 4 }]]);
    expect(await run('sum', 'select $1::int + 1 as sum', 8)).toEqual([{ sum: 9 }]);
    expect(descriptions).toBe(3);
  });

  it('read and write every kind of value as it is', async () => {
    const sql = `select $1::text as text, $2::int as number, $3::bigint as id, null::int as "nobody's", $4::text as missing,
      1.5::float8 as share, true as flag`;
    const row = {
      text: `"'\\ {é}, 🗝\n`,
      number: -7,
      id: 2 ** 52,
      "nobody's": null,
      missing: null,
      share: 1.5,
      flag: true,
    };
    for (let times = 0; times < 2; times += 1) {
      expect(await run('values', sql, row.text, row.number, row.id, null)).toEqual([row]);
    }
  });

  it('give no rows where there are none, and none for what is no query', async () => {
    const none = () => run('none', 'select $1::int as value where false', 1);
    expect([await none(), await none()]).toEqual([[], []]);
    await client.query('create temporary table things (id integer primary key)');
    const add = (id: number) => run('add', 'insert into things (id) values ($1)', id);
    expect([await add(1), await add(2)]).toEqual([[], []]);
    expect((await client.query('select count(*) as count from things')).rows).toEqual([{ count: 2 }]);
  });

  it('fail with what the server says and where they were asked, and work afterwards', async () => {
    const divide = async function divideByThat(by: number) {
      return run('divide', 'select 6 / $1::int as result', by);
    };
    const error = await divide(0).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: '22012', message: 'division by zero' });
    expect((error as Error).stack).toMatch(/divideByThat|prepared-statements\.test/);
    expect([await divide(2), await divide(3)]).toEqual([[{ result: 3 }], [{ result: 2 }]]);
    await expect(divide(0)).rejects.toMatchObject({ code: '22012' });
    expect(await divide(1)).toEqual([{ result: 6 }]);
  });

  it('are skipped behind one that fails in the same piece, and run later', async () => {
    const pieces = statements.together(client);
    const ask = (name: string, sql: string, value: number) => pieces.run({ name, sql, parameters: [value] });
    const asked = [
      ask('one', 'select $1::int as one', 1),
      ask('broken', 'select 1 / $1::int as broken', 0),
      ask('two', 'select $1::int as two', 2),
    ];
    expect(await Promise.allSettled(asked)).toMatchObject([
      { status: 'fulfilled', value: [{ one: 1 }] },
      { status: 'rejected', reason: { code: '22012' } },
      { status: 'rejected', reason: { code: '25P02' } },
    ]);
    const again = [ask('two', 'select $1::int as two', 3), ask('broken', 'select 1 / $1::int as broken', 1)];
    expect(await Promise.all(again)).toEqual([[{ two: 3 }], [{ broken: 1 }]]);
  });

  it('run without a name as well, in the same piece', async () => {
    const pieces = statements.together(client);
    const ask = (name: string | undefined, sql: string, ...parameters: number[]) =>
      pieces.run({ name, sql, parameters });
    for (let times = 0; times < 2; times += 1) {
      const asked = [
        ask(undefined, 'select $1::int as first', 1),
        ask('named', 'select $1::int as second', 2),
        ask(undefined, 'select 3 as third'),
        ask(undefined, 'select $1::int as first', 4),
      ];
      expect((await Promise.all(asked)).flat()).toEqual([{ first: 1 }, { second: 2 }, { third: 3 }, { first: 4 }]);
    }
    const { rows } = await client.query('select name from pg_prepared_statements');
    expect(rows).toEqual([{ name: 'named' }]);
  });

  it('are read by what the connection was told, where another was told something else', async () => {
    await pool.query('create table changing (value text not null)');
    await pool.query(`insert into changing (value) values ('7')`);
    const ask = () => run('changing', 'select value from changing');
    expect(await ask()).toEqual([{ value: '7' }]);
    await pool.query('alter table changing alter column value type integer using value::integer');
    await expect(ask()).rejects.toMatchObject({ code: '0A000' });

    client.release(true);
    client = await pool.connect();
    expect([await ask(), await ask()]).toEqual([[{ value: 7 }], [{ value: 7 }]]);
  });
});
