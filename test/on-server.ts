import pg from 'pg';

/** Runs one statement on a PostgreSQL database. What starts the run loads this too, so it must not load vitest. */
export async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
