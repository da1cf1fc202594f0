import SqliteDatabase from 'better-sqlite3';
import { type RawResult, serveRawWork } from './raw-work.ts';

// The limit for writes: one-row transactions on better-sqlite3, each synced to disk before the next. `… <file>`
const db = new SqliteDatabase(process.argv[2]);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(
  'create table if not exists changes (id integer primary key, customer_id integer not null, text text not null)',
);
const insert = db.prepare('insert into changes (customer_id, text) values (?, ?)');

async function commitFor(milliseconds: number): Promise<RawResult> {
  const latencies: number[] = [];
  const start = performance.now();
  for (let before = start; before < start + milliseconds; ) {
    insert.run(latencies.length, 'newsletter groups 1,8');
    const after = performance.now();
    latencies.push(after - before);
    before = after;
  }
  return { count: latencies.length, elapsedMs: performance.now() - start, latencies };
}

serveRawWork(commitFor);
