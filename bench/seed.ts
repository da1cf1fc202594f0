import { recountCustomers } from '../src/accounts/catch-up.ts';
import { normalizeEmail } from '../src/accounts/email.ts';
import { composeAccounts } from '../src/compose-accounts.ts';
import { loadConfig } from '../src/config.ts';
import { demoTopology } from '../src/demo.ts';
import { HashThreads } from '../src/hashing/hash-threads.ts';
import { createPasswordPrimitives } from '../src/hashing/password-primitives.ts';
import { prepareTopology } from '../src/prepare-database.ts';
import { fillPostgres, fillSqlite } from './bulk.ts';
import { password } from './people.ts';
import { customerTables } from './seed-rows.ts';

/** What the load generator must know of a filled database. */
export interface Seeded {
  url: string;
  size: number;
  /** Key that may do everything a partner can. */
  apiKey: string;
  seconds: number;
}

/**
 * Makes Foyer's schema in an empty database with Foyer's own migrations and the demo's topology, and fills it with `size`
 * customers: one address, one loyalty link, one session and up to two newsletter groups each. The rows go in past the server, because a
 * million sign-ups would take hours; all customers share one password hash.
 */
export async function seedFoyer(url: string, size: number): Promise<Seeded> {
  const start = performance.now();
  const config = loadConfig({ FOYER_DATABASE_URL: url }, 'tool');
  const { accounts, deps, store } = composeAccounts({ config });
  let apiKey: string;
  try {
    await store.migrate();
    await prepareTopology(deps, demoTopology);
    const scopes = ['customer_authenticate', 'customer_read', 'customer_write'];
    apiKey = (await accounts.createKey({ name: 'bench', scopes })).key;
  } finally {
    await store.close();
  }
  const passwordHash = await createPasswordPrimitives(new HashThreads()).hashArgon2id(password);
  const tables = customerTables({ passwordHash, now: new Date(), normalizeEmail });
  if (url.startsWith('sqlite:')) fillSqlite(url.slice('sqlite:'.length), tables, size);
  else await fillPostgres(url, tables, size);
  const again = composeAccounts({ config });
  try {
    await again.store.alignIdentities();
    await recountCustomers(again.store);
    await again.store.transaction((tx) => tx.settings.write('debtor_number', String(10_000 + size)));
  } finally {
    await again.store.close();
  }
  return { url, size, apiKey, seconds: (performance.now() - start) / 1000 };
}
