import { CompiledQuery } from 'kysely';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/database.ts';
import { freshMigratedUrl } from '../dialects.ts';
import { openHouse } from '../jobs/house.ts';

it('a changed name is written in place: no index of the customers covers what changes with it (postgres)', async () => {
  const fresh = await freshMigratedUrl('postgres');
  const house = await openHouse(fresh.url);
  const id = await house.create();
  for (const familyName of ['Murray', 'Brewster', 'Hopper']) await house.change(id, { familyName });
  // A connection that ends hands in what it has counted.
  await house.close();
  const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
  const counted = `select n_tup_upd::integer as written, n_tup_hot_upd::integer as "inPlace"
    from pg_stat_user_tables where relname = 'customers'`;
  expect(await database.reader.run(CompiledQuery.raw(counted))).toEqual([{ written: 3, inPlace: 3 }]);
  await database.close();
  await fresh.drop();
});
