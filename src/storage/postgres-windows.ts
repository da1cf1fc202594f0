import { RateLimiterPostgres } from 'rate-limiter-flexible';

/** Runs one statement outside any transaction. */
type Query = (text: string, values: readonly unknown[]) => Promise<unknown[]>;

/** Windows of counters in a table of the database, for limits that hold on all nodes. */
export interface SharedWindows {
  /** Makes a counter: per key a window of `durationSeconds` that starts with the first point. */
  limiter(window: { keyPrefix: string; points: number; durationSeconds: number }): RateLimiterPostgres;
  /** Rejects when the table cannot be read, or not be written. */
  check(): Promise<void>;
  /** Removes the windows whose time is up. */
  deleteExpired(): Promise<void>;
}

const table = 'rate_windows';

/** Keeps windows in the table that migration 0003 made. Times are those of this machine's clock. */
export function openPostgresWindows(query: Query): SharedWindows {
  // What the library asks of a pool. It names its statements, so that the server keeps them with the session; a pooler in
  // transaction mode gives the next one another session, so the name is left out.
  const storeClient = {
    query: async ({ text, values }: { text: string; values: unknown[] }) => {
      const rows = await query(text, values);
      return { rows, rowCount: rows.length };
    },
  };
  return {
    limiter: ({ keyPrefix, points, durationSeconds }) =>
      new RateLimiterPostgres({
        storeClient,
        storeType: 'pool',
        tableName: table,
        tableCreated: true,
        // By a timer of its own that nobody could stop, and an hour late.
        clearExpiredByTimeout: false,
        keyPrefix,
        points,
        duration: durationSeconds,
      }),
    check: async () => {
      const text = `select current_setting('transaction_read_only') as read_only from (select 1) as one left join ${table} on key = $1`;
      const [row] = (await query(text, [''])) as { read_only: string }[];
      if (row?.read_only === 'on') throw new Error('The database is read-only');
    },
    deleteExpired: async () => {
      await query(`delete from ${table} where expire < $1`, [Date.now()]);
    },
  };
}
