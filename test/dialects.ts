import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { type OpenStore, openStore } from '../src/storage/index.ts';
import { onServer } from './on-server.ts';

export const databaseKinds = ['sqlite', 'postgres'] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

/** An empty database of a suite's own. */
export interface FreshDatabase {
  url: string;
  /** Removes it with all it holds; whatever is still connected is cut off. */
  drop(): Promise<void>;
}

/** The database a suite runs on; `url` and `open` work from `beforeAll` on. */
export interface DatabaseUnderTest {
  readonly kind: DatabaseKind;
  readonly url: string;
  /** Opens the suite's database once more, as another node would. It is closed after the suite. */
  open(): OpenStore;
}

/** Makes an empty database, not migrated: a SQLite file in a folder of its own, or a database on the run's PostgreSQL. */
export async function freshDatabaseUrl(kind: DatabaseKind): Promise<FreshDatabase> {
  if (kind === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'foyer-sqlite-'));
    return {
      url: `sqlite:${join(folder, 'foyer.db')}`,
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  return newPostgresDatabase('');
}

/** The same with the schema of this release in it. */
export async function freshMigratedUrl(kind: DatabaseKind): Promise<FreshDatabase> {
  if (kind === 'postgres') return newPostgresDatabase(`template ${inject('migratedTemplate')}`);
  const fresh = await freshDatabaseUrl(kind);
  const store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
  await store.migrate();
  await store.close();
  return fresh;
}

async function newPostgresDatabase(how: string): Promise<FreshDatabase> {
  const server = inject('postgresUrl');
  const name = `foyer_${randomBytes(8).toString('hex')}`;
  await onServer(server, `create database ${name} ${how}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `drop database if exists ${name} with (force)`) };
}

/**
 * Declares a suite twice, on a fresh migrated SQLite file and on a fresh migrated PostgreSQL database. All tests of the
 * suite share it, so each brings data of its own.
 */
export function describeOnBothDatabases(title: string, suite: (database: DatabaseUnderTest) => void): void {
  describe.each(databaseKinds)(`${title} (%s)`, (kind) => {
    let fresh: FreshDatabase | undefined;
    const stores: OpenStore[] = [];
    const database: DatabaseUnderTest = {
      kind,
      get url() {
        if (fresh === undefined) throw new Error('The database exists from beforeAll on');
        return fresh.url;
      },
      open() {
        const store = openStore({ url: database.url, poolSize: 10, statementTimeoutMs: 10_000 });
        stores.push(store);
        return store;
      },
    };
    beforeAll(async () => {
      fresh = await freshMigratedUrl(kind);
    });
    afterAll(async () => {
      const closings = await Promise.allSettled(stores.map((store) => store.close()));
      await fresh?.drop();
      for (const closing of closings) if (closing.status === 'rejected') throw closing.reason;
    });
    suite(database);
  });
}

/** Runs one statement on a database behind the back of whatever serves it; `url` as `freshDatabaseUrl` gives it. */
export async function runStatement(url: string, statement: string): Promise<void> {
  if (!url.startsWith('sqlite:')) return onServer(url, statement);
  const connection = new SqliteDatabase(url.slice('sqlite:'.length));
  try {
    connection.exec(statement);
  } finally {
    connection.close();
  }
}
