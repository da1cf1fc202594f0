import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountError } from '../../src/accounts/errors.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import type { Handle } from '../../src/storage/handle.ts';
import { lookup } from '../../src/storage/lookup.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';

describe.each(databaseKinds)('lookups by key on %s', (dialect) => {
  let fresh: FreshDatabase;
  let database: Database;
  let queries: number;
  let counted: Handle;

  const findName = lookup(
    (db, ids, atLeast: number) =>
      db
        .selectFrom('newsletter_groups')
        .selectAll()
        .where('id', 'in', ids as number[])
        .where('id', '>=', atLeast),
    (row) => row.id,
  );
  const findId = lookup(
    (db, names) =>
      db
        .selectFrom('newsletter_groups')
        .selectAll()
        .where('name', 'in', names as string[]),
    (row) => row.name,
  );

  beforeAll(async () => {
    fresh = await freshDatabaseUrl(dialect);
    database = openDatabase({ url: fresh.url, poolSize: 4, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
    await database.transaction(({ db, run }) =>
      run(
        db
          .insertInto('newsletter_groups')
          .values(Array.from({ length: 300 }, (_, index) => ({ id: index + 1, name: `group ${index + 1}` })))
          .compile(),
      ),
    );
    queries = 0;
    counted = {
      ...database.reader,
      run: (statement) => {
        queries += 1;
        return database.reader.run(statement);
      },
    };
  });

  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  it('give every caller its own rows, and none for a key that is not there', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => (index * 7) % 400);
    const found = await Promise.all(ids.map((id) => findName(counted, id, 1)));
    expect(found.map((rows) => rows.map(({ name }) => name))).toEqual(
      ids.map((id) => (id >= 1 && id <= 300 ? [`group ${id}`] : [])),
    );
  });

  it('are told apart by what is not their key', async () => {
    const [all, none] = await Promise.all([findName(counted, 5, 1), findName(counted, 5, 6)]);
    expect([all.length, none.length]).toEqual([1, 0]);
  });

  it('share queries, and not with another transaction', async () => {
    const everybody = Array.from({ length: 100 }, (_, index) => index + 1);
    queries = 0;
    await Promise.all(everybody.map((id) => findName(counted, id, 1)));
    expect(queries).toBe(dialect === 'postgres' ? 3 : 2);
    queries = 0;
    await database.transaction((handle) => {
      const alone = { ...handle, run: counted.run };
      return Promise.all(everybody.map((id) => findName(alone, id, 1)));
    });
    expect(queries).toBe(100);
  });

  it('are sent to a server as soon as ten wait, and otherwise at the end of the turn', async () => {
    queries = 0;
    const ask = (count: number) => Array.from({ length: count }, (_, index) => findName(counted, index + 1, 1));
    const nine = ask(9);
    expect(queries).toBe(0);
    const more = ask(20);
    expect(queries).toBe(dialect === 'postgres' ? 1 : 0);
    const found = await Promise.all([...nine, ...more]);
    expect(found.map(([row]) => row?.id)).toEqual(
      [...nine, ...more].map((_, index) => (index < 9 ? index : index - 9) + 1),
    );
    expect(queries).toBe(dialect === 'postgres' ? 2 : 1);
  });

  it('see what was acknowledged before they were asked for', async () => {
    const name = (id: number) => findName(counted, id, 1).then((rows) => rows[0]?.name);
    const early = Promise.all(Array.from({ length: 50 }, (_, index) => name(index + 1)));
    await database.transaction(({ db, run }) =>
      run(db.updateTable('newsletter_groups').set({ name: 'renamed' }).where('id', '=', 299).compile()),
    );
    expect(await name(299)).toBe('renamed');
    await early;
  });

  it('suffer neither from a key that no database holds nor from one that this one refuses', async () => {
    const names = await Promise.all(['group 1', 'gro\0up', 'group 2'].map((key) => findId(counted, key)));
    expect(names.map((rows) => rows.map(({ id }) => id))).toEqual([[1], [], [2]]);
    const tooLarge = findName(counted, 1e300, 1).then(
      () => 'answered',
      () => 'refused',
    );
    expect((await findName(counted, 2, 1))[0]?.name).toBe('group 2');
    expect(await tooLarge).toBe(dialect === 'postgres' ? 'refused' : 'answered');
  });

  it('all know at once that there is no database, those as well whose query has not left yet', async () => {
    const refusals: ((error: Error) => void)[] = [];
    const hanging: Handle = {
      ...database.reader,
      run: () => new Promise((_, reject) => refusals.push(reject)),
    };
    const callers = Promise.allSettled(Array.from({ length: 300 }, (_, index) => findName(hanging, index + 1, 1)));
    await expect.poll(() => refusals.length).toBe(2);
    for (const refuse of refusals) refuse(new AccountError('storage_unavailable', { retryAfterSeconds: 2 }));
    const outcomes = await callers;
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(300);
    expect(refusals).toHaveLength(2);
  });

  it('all fail when the database is gone', async () => {
    const closed = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await closed.reader.run(closed.reader.db.selectFrom('settings').selectAll().compile());
    await closed.close();
    const outcomes = await Promise.allSettled([1, 2, 3].map((id) => findName(closed.reader, id, 1)));
    expect(outcomes).toMatchObject([1, 2, 3].map(() => ({ reason: { code: 'storage_unavailable' } })));
  });
});
