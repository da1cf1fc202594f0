import { CompiledQuery } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';

/** Counts for so long that anything else is done in the meantime. */
const slow = (to: number) =>
  CompiledQuery.raw(
    'with recursive number(n) as (select 1 union all select n + 1 from number where n < ?) select max(n) as n from number',
    [to],
  );

describe('what reads much on SQLite', () => {
  let fresh: FreshDatabase;
  let database: Database;

  beforeEach(async () => {
    fresh = await freshDatabaseUrl('sqlite');
    database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
  });

  afterEach(async () => {
    await database.close();
    await fresh.drop();
  });

  it('does not keep others from reading and writing', async () => {
    const order: string[] = [];
    const aside = database.reader.runAside(slow(3_000_000)).then((rows) => {
      order.push('aside');
      return rows;
    });
    for (let turn = 0; turn < 5; turn += 1) {
      await database.transaction(({ db, run }) =>
        run(
          db
            .insertInto('settings')
            .values({ name: `turn ${turn}`, value: '' })
            .compile(),
        ),
      );
      await database.reader.run(database.reader.db.selectFrom('settings').selectAll().compile());
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push('other');
    }
    expect(await aside).toEqual([{ n: 3_000_000 }]);
    expect(order).toEqual(['other', 'other', 'other', 'other', 'other', 'aside']);
  });

  it('sees what was written just before, and answers in turn', async () => {
    const { db, runAside } = database.reader;
    const count = db.selectFrom('settings').select(({ fn }) => fn.countAll<number>().as('count'));
    const [before] = await runAside(count.compile());
    await database.transaction((handle) =>
      handle.run(handle.db.insertInto('settings').values({ name: 'new', value: '' }).compile()),
    );
    const [one, after, two] = await Promise.all([runAside(slow(1)), runAside(count.compile()), runAside(slow(2))]);
    expect([one, after, two]).toEqual([[{ n: 1 }], [{ count: before!.count + 1 }], [{ n: 2 }]]);
  });

  it('fails like any other query, and can only read', async () => {
    const { db, runAside } = database.reader;
    await expect(runAside(CompiledQuery.raw('select * from absent'))).rejects.toThrow(/no such table: absent/);
    const write = db.deleteFrom('settings').returning('name').compile();
    await expect(runAside(write)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await runAside(db.selectFrom('settings').select('name').where('name', '=', 'a\0b').compile())).toEqual([]);
    expect(await runAside(slow(7))).toEqual([{ n: 7 }]);
  });

  it('is refused when too much waits already', async () => {
    const { runAside } = database.reader;
    const outcomes = await Promise.allSettled(Array.from({ length: 70 }, () => runAside(slow(10))));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(6);
    expect(refused[0]).toMatchObject({ reason: { code: 'overloaded', details: { retryAfterSeconds: 5 } } });
    expect(await runAside(slow(8))).toEqual([{ n: 8 }]);
  });

  it('is answered before the database closes, and refused afterwards', async () => {
    const { runAside } = database.reader;
    const rows = runAside(slow(300_000));
    await database.close();
    expect(await rows).toEqual([{ n: 300_000 }]);
    await expect(runAside(slow(1))).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
