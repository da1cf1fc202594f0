import { once } from 'node:events';
import type { Socket } from 'node:net';
import SqliteDatabase from 'better-sqlite3';
import pg from 'pg';

export type Value = string | number | null;

/** One table's rows: `rowsOf(id)` gives those that belong to the customer with that number. */
export interface BulkTable {
  name: string;
  columns: readonly string[];
  rowsOf(id: number): readonly (readonly Value[])[];
}

/** Fills tables of a closed SQLite file with the rows of customers 1 to `count`, and leaves it in WAL mode. */
export function fillSqlite(path: string, tables: readonly BulkTable[], count: number): void {
  const db = new SqliteDatabase(path);
  try {
    // A crash here costs nothing: the file is thrown away.
    for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', 'foreign_keys = OFF', 'cache_size = -1000000']) {
      db.pragma(pragma);
    }
    for (const { name, columns, rowsOf } of tables) {
      const places = columns.map(() => '?').join(', ');
      const insert = db.prepare(`insert into ${quoted(name)} (${columns.map(quoted).join(', ')}) values (${places})`);
      db.transaction(() => {
        for (let id = 1; id <= count; id += 1) for (const row of rowsOf(id)) insert.run(...row);
      })();
    }
    db.pragma('journal_mode = WAL');
  } finally {
    db.close();
  }
}

/** Fills tables of a PostgreSQL database by COPY, then does at once what autovacuum would do a little later. */
export async function fillPostgres(url: string, tables: readonly BulkTable[], count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const table of tables) {
      const columns = table.columns.map(quoted).join(', ');
      await copyIn(client, `copy ${quoted(table.name)} (${columns}) from stdin`, copyLines(table, count));
    }
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

function* copyLines({ rowsOf }: BulkTable, count: number): Generator<string> {
  let lines = '';
  for (let id = 1; id <= count; id += 1) {
    for (const row of rowsOf(id)) lines += `${row.map(copyText).join('\t')}\n`;
    if (lines.length > 256 * 1024) {
      yield lines;
      lines = '';
    }
  }
  yield lines;
}

function copyText(value: Value): string {
  if (value === null) return '\\N';
  if (typeof value === 'number') return String(value);
  return /[\\\t\n\r]/.test(value) ? JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"') : value;
}

/** What `pg` keeps to itself about its connection and COPY needs. */
interface CopyConnection {
  stream: Socket;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

function copyIn(client: pg.Client, text: string, chunks: Iterable<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const send = async (connection: CopyConnection): Promise<void> => {
      for (const chunk of chunks) {
        connection.sendCopyFromChunk(Buffer.from(chunk));
        if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
      }
      connection.endCopyFrom();
    };
    client.query({
      submit: (connection: unknown) => (connection as CopyConnection).query(text),
      handleCopyInResponse: (connection: unknown) => void send(connection as CopyConnection).catch(reject),
      handleError: (error: Error) => {
        failure = error;
        reject(error);
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => (failure === undefined ? resolve() : undefined),
    } as unknown as pg.Submittable);
  });
}

function quoted(name: string): string {
  return `"${name}"`;
}
