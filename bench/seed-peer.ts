import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type BulkTable, fillPostgres, fillSqlite } from './bulk.ts';
import { password, peerIdentityOf, peerSecret, personOf } from './people.ts';

export const peerScript = 'bench/peers/better-auth.mjs';

/** `default` is what better-auth does by itself (scrypt, N 16384, r 16); `argon2id` is the cost of Foyer's hashes. */
export type PeerHash = 'default' | 'argon2id';

/** Environment that ties a better-auth process to a database. */
export function peerEnvironment(url: string, peerHash: PeerHash): Record<string, string> {
  return { DATABASE_URL: url, PEER_SECRET: peerSecret, PEER_HASH: peerHash, NODE_ENV: 'production' };
}

/** Makes better-auth's schema with its own migrations in an empty database, and fills it with the same `size` people. */
export async function seedPeer(url: string, size: number, peerHash: PeerHash): Promise<void> {
  const run = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, ...peerEnvironment(url, peerHash) };
    const { stdout } = await promisify(execFile)(process.execPath, [peerScript, ...args], { env, timeout: 60_000 });
    return stdout.trim();
  };
  await run('migrate');
  const tables = peerTables(await run('hash', password), new Date());
  if (url.startsWith('sqlite:')) fillSqlite(url.slice('sqlite:'.length), tables, size);
  else await fillPostgres(url, tables, size);
}

function peerTables(passwordHash: string, date: Date): BulkTable[] {
  const now = date.toISOString();
  // A week, as better-auth gives; using a session younger than a day writes nothing.
  const expiresAt = new Date(date.getTime() + 7 * 86_400_000).toISOString();
  return [
    {
      name: 'user',
      columns: ['id', 'name', 'email', 'emailVerified', 'createdAt', 'updatedAt'],
      rowsOf: (id) => {
        const { givenName, familyName, email } = personOf(id);
        return [[peerIdentityOf(id).userId, `${givenName} ${familyName}`, email, 0, now, now]];
      },
    },
    {
      name: 'account',
      columns: ['id', 'accountId', 'providerId', 'userId', 'password', 'createdAt', 'updatedAt'],
      rowsOf: (id) => {
        const { userId } = peerIdentityOf(id);
        return [[`account${userId.slice(7)}`, userId, 'credential', userId, passwordHash, now, now]];
      },
    },
    {
      name: 'session',
      columns: ['id', 'expiresAt', 'token', 'createdAt', 'updatedAt', 'ipAddress', 'userAgent', 'userId'],
      rowsOf: (id) => {
        const { userId, sessionToken } = peerIdentityOf(id);
        return [[`session${userId.slice(7)}`, expiresAt, sessionToken, now, now, '127.0.0.1', 'bench', userId]];
      },
    },
  ];
}
