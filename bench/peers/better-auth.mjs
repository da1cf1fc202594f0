// better-auth as its documentation sets it up: e-mail and password, the built-in SQL adapter, node's HTTP server.
// `node better-auth.mjs migrate` makes its schema, `node better-auth.mjs serve <port>` serves, `… hash <password>`
// prints a hash. Told by the environment: DATABASE_URL, PEER_SECRET, and PEER_HASH=argon2id for hashes at Foyer's cost.
import { createServer } from 'node:http';
import * as argon2 from '@node-rs/argon2';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import SqliteDatabase from 'better-sqlite3';
import pg from 'pg';

const [, , command, argument] = process.argv;
const { DATABASE_URL = '', PEER_SECRET, PEER_HASH } = process.env;
const port = Number(command === 'serve' ? argument : 0);

// The parameters of Foyer's new hashes: 19 MiB, two passes, one lane.
const argon2id = {
  hash: (password) =>
    argon2.hash(password, { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }),
  verify: ({ hash, password }) => argon2.verify(hash, password),
};

const options = {
  database: openDatabase(DATABASE_URL),
  secret: PEER_SECRET,
  baseURL: `http://127.0.0.1:${port}`,
  emailAndPassword: { enabled: true, ...(PEER_HASH === 'argon2id' ? { password: argon2id } : {}) },
  // What is off in Foyer for a load test is off here: limits by address. Both keep their other defaults.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
};

if (command === 'migrate') {
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  await options.database.end?.();
} else if (command === 'hash') {
  const context = await betterAuth(options).$context;
  process.stdout.write(await context.password.hash(argument));
  process.exit();
} else {
  const server = createServer(toNodeHandler(betterAuth(options)));
  // As long as Foyer's, so that no connection ends while it is measured.
  server.keepAliveTimeout = 72_000;
  server.listen(port, '127.0.0.1');
  process.on('SIGTERM', () => process.exit());
}

/** The same durability and drivers as Foyer: write-ahead log, every commit synced; ten connections to PostgreSQL. */
function openDatabase(url) {
  if (!url.startsWith('sqlite:')) return new pg.Pool({ connectionString: url, max: 10 });
  const database = new SqliteDatabase(url.slice('sqlite:'.length));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}
