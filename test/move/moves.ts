import { afterEach } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import { type MoveOptions, type MoveProgress, type MoveResult, moveDatabase } from '../../src/storage/move.ts';
import { type Row, readPage, tableNames } from '../../src/storage/table-rows.ts';
import { type DatabaseKind, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { fill } from './full-database.ts';

/** The databases of one test; they are closed and removed after it. */
export interface Databases {
  /** A database without any table. */
  empty(kind: DatabaseKind): Promise<string>;
  /** A database in maintenance with `oddRows` and as many plain customers. */
  full(kind: DatabaseKind, plainCustomers?: number): Promise<string>;
  open(url: string): Database;
}

export function databasesOfTests(): Databases {
  let fresh: FreshDatabase[] = [];
  let opened: Database[] = [];
  afterEach(async () => {
    for (const database of opened) await database.close();
    for (const database of fresh) await database.drop();
    [fresh, opened] = [[], []];
  });
  const empty = async (kind: DatabaseKind): Promise<string> => {
    const database = await freshDatabaseUrl(kind);
    fresh.push(database);
    return database.url;
  };
  const open = (url: string): Database => {
    const database = openDatabase({ url, poolSize: 2, statementTimeoutMs: 10_000 });
    opened.push(database);
    return database;
  };
  const full = async (kind: DatabaseKind, plainCustomers = 0): Promise<string> => {
    const url = await empty(kind);
    const database = open(url);
    await database.migrate(migrationsFor);
    await fill(database, plainCustomers);
    return url;
  };
  return { empty, full, open };
}

/** Moves and gives the result with all progress that was reported. */
export async function move(
  from: string,
  to: string,
  options: Partial<MoveOptions> = {},
): Promise<MoveResult & { progress: MoveProgress[] }> {
  const progress: MoveProgress[] = [];
  const onProgress = (news: MoveProgress) => void progress.push(news);
  const result = await moveDatabase({ from, to, isOffline: false, isRestart: false, onProgress, ...options });
  return { ...result, progress };
}

/** Everything in a database, rows ordered by their text: collations differ between databases. */
export async function contentsOf(database: Database): Promise<Record<string, Row[]>> {
  const contents: Record<string, Row[]> = {};
  for (const table of tableNames) {
    const rows = await readPage(database.reader, table, null, 1_000_000);
    contents[table] = rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return contents;
}
