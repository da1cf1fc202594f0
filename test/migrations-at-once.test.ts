import { CompiledQuery, type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { migrationsFor } from '../src/storage/migrations/index.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from './dialects.ts';
import { migrationNames } from './migration-names.ts';
import { nextMigrationsFor } from './next-release.ts';
import { scriptOfSuite } from './own-process.ts';

const newNames = ['9001-nickname', '9002-wishes'];
const allNames = [...migrationNames, ...newNames];

const migrator = `
  import { openDatabase } from './src/storage/database.ts';
  import { nextMigrationsFor } from './test/next-release.ts';

  const database = openDatabase({ url: process.argv[2], poolSize: 1, statementTimeoutMs: 10_000 });
  for (const name of await database.migrate(nextMigrationsFor)) console.log(name);
  await database.close();
`;

const stuck = `
  import { openDatabase } from './src/storage/database.ts';
  import { migrationsFor } from './src/storage/migrations/index.ts';

  const database = openDatabase({ url: process.argv[2], poolSize: 1, statementTimeoutMs: 10_000 });
  const up = async (db) => {
    await db.schema.createTable('half').addColumn('id', 'integer').execute();
    console.log('half');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  };
  await database.migrate((types) => ({ ...migrationsFor(types), '9001-half': { up } }));
`;

describe.each(databaseKinds)('migrating (%s)', (kind) => {
  const runMigrator = scriptOfSuite(migrator);
  const runStuck = scriptOfSuite(stuck);
  let fresh: FreshDatabase;
  let databases: Database[];
  const open = (): Database => {
    const database = openDatabase({ url: fresh.url, poolSize: 2, statementTimeoutMs: 10_000 });
    databases.push(database);
    return database;
  };

  beforeEach(async () => {
    fresh = await freshDatabaseUrl(kind);
    databases = [];
  });

  afterEach(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await fresh.drop();
  });

  const runs = async (): Promise<unknown> =>
    (await open().reader.run<{ name: string }>(CompiledQuery.raw('select name from migration_runs'))).map(
      ({ name }) => name,
    );

  it('runs each migration once when four stores of one process begin together', async () => {
    const ran = await Promise.all([1, 2, 3, 4].map(() => open().migrate(nextMigrationsFor)));
    expect(ran.flat().sort()).toEqual(allNames);
    expect(await runs()).toEqual(newNames);
  });

  it('runs each migration once when four processes begin together', async () => {
    const ended = await Promise.all([1, 2, 3, 4].map(() => runMigrator([fresh.url])));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(ended.flatMap(({ lines }) => lines).sort()).toEqual(allNames);
    expect(await runs()).toEqual(newNames);
    expect((await open().schemaState(nextMigrationsFor)).pending).toEqual([]);
  });

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    const database = open();
    const up = async (db: Kysely<unknown>): Promise<void> => {
      await db.schema.createTable('half').addColumn('id', 'integer').execute();
      await sql`select * from nowhere`.execute(db);
    };
    const failing = database.migrate((types) => ({ ...migrationsFor(types), '9001-half': { up } }));
    await expect(failing).rejects.toThrow(/nowhere/);
    await expect(database.reader.run(CompiledQuery.raw('select * from half'))).rejects.toThrow(/half/);
    expect(await database.schemaState(nextMigrationsFor)).toEqual({ pending: newNames, unknown: [] });
    expect(await database.migrate(nextMigrationsFor)).toEqual(newNames);
  });

  it('leaves nothing of a migration whose process is killed, and the next one has the lock', async () => {
    const { code } = await runStuck([fresh.url], (line, kill) => {
      if (line === 'half') kill();
    });
    expect(code).toBe(null);
    const database = open();
    expect(await database.migrate(nextMigrationsFor)).toEqual(newNames);
    await expect(database.reader.run(CompiledQuery.raw('select * from half'))).rejects.toThrow(/half/);
  });

  it('lets a slow migration take longer than a statement of the server may', async () => {
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 100 });
    databases.push(database);
    const slowly = kind === 'sqlite' ? sql`select 1` : sql`select pg_sleep(0.3)`;
    const up = async (db: Kysely<unknown>): Promise<void> => void (await slowly.execute(db));
    const ran = await database.migrate((types) => ({ ...migrationsFor(types), '9001-slow': { up } }));
    expect(ran).toEqual([...migrationNames, '9001-slow']);
  });
});

describe('migrating PostgreSQL', () => {
  it('says why it may not begin, and not that its transaction has failed', async () => {
    const fresh = await freshDatabaseUrl('postgres');
    const database = openDatabase({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    const name = new URL(fresh.url).pathname.slice(1);
    await database.reader.run(CompiledQuery.raw(`alter database ${name} set default_transaction_read_only = on`));
    await expect(database.migrate(migrationsFor)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('cannot execute CREATE TABLE') },
    });
    await database.close();
    await fresh.drop();
  });

  it('waits for a table in use only so long that others get their turn, and tries again', async () => {
    const fresh = await freshDatabaseUrl('postgres');
    const database = openDatabase({ url: fresh.url, poolSize: 3, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reading = database.transaction(async (handle) => {
      await handle.run(CompiledQuery.raw('select id from customers'));
      await released;
    });
    const migrating = database.migrate(nextMigrationsFor);
    const waiting = `select 1 from pg_locks where not granted and mode = 'AccessExclusiveLock'`;
    while ((await database.reader.run(CompiledQuery.raw(waiting))).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // Queues behind the change that waits, and is served because that gives up; the driver's limit is 10 s.
    expect(await database.reader.run(CompiledQuery.raw('select id from customers'))).toEqual([]);
    release();
    await reading;
    expect(await migrating).toEqual(newNames);
    await database.close();
    await fresh.drop();
  });
});
