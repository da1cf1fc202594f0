import { spawn } from 'node:child_process';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { type DatabaseKind, type FreshDatabase, freshDatabaseUrl, runStatement } from '../dialects.ts';
import { newCustomer, saveTopology, smallTopology } from '../fixtures.ts';
import { type Binary, eventually } from './run-foyer.ts';

export const chainId = 123;

/** A database whose chain 123 is linked with a stand-in, for commands in processes of their own. */
export interface LinkedDatabase {
  readonly store: OpenStore;
  readonly fake: FakeSpaaza;
  /** What a command needs to find both; the budget of calls is no hindrance. */
  readonly env: Record<string, string>;
  /** Adds customers with these ids in one go; the e-mail is `<id>@example.org`. */
  addCustomers(ids: readonly number[]): Promise<void>;
  /** Runs a command until `isEnough`, and kills it with -9; false when it had ended before. */
  killWhen(args: readonly string[], isEnough: () => Promise<boolean>): Promise<boolean>;
}

/** Every test begins without customers and people. */
export function linkedDatabaseOfSuite(kind: DatabaseKind, foyer: Binary): LinkedDatabase {
  let database: FreshDatabase;
  let store: OpenStore;
  let fake: FakeSpaaza;
  let env: Record<string, string>;
  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    fake = await startFakeSpaaza({ hostname: smallTopology.chains[0]!.hostname });
    env = {
      FOYER_DATABASE_URL: database.url,
      [`FOYER_SPAAZA_API_${chainId}`]: fake.url,
      [`FOYER_SPAAZA_SECRET_${chainId}`]: fake.credential,
      FOYER_SPAAZA_RATE_PER_SECOND: '1000',
      FOYER_SPAAZA_CONCURRENCY: '16',
    };
    ({ store } = composeAccounts({ config: loadConfig(env, 'tool') }));
    await store.migrate();
    await saveTopology(store, smallTopology);
  });
  beforeEach(async () => {
    fake.behave({});
    await fetch(`${fake.url}/_fake/users`, { method: 'DELETE' });
    fake.clearJournal();
    for (const table of ['customers', 'loyalty_queue', 'loyalty_tombstones', 'loyalty_chain_state', 'outbox']) {
      await runStatement(database.url, `delete from ${table}`);
    }
  });
  afterAll(async () => {
    await fake.stop();
    await store.close();
    await database.drop();
  });
  return {
    get store() {
      return store;
    },
    get fake() {
      return fake;
    },
    get env() {
      return env;
    },
    addCustomers: (ids) =>
      store.transaction(async ({ customers }) => {
        for (const id of ids) await customers.insert(newCustomer({ id, email: `${id}@example.org` }));
      }),
    killWhen: async (args, isEnough) => {
      const child = spawn(process.execPath, [foyer.program, ...args], { cwd: foyer.folder, env, stdio: 'ignore' });
      let hasEnded = false;
      const ended = new Promise<void>((done) =>
        child.on('close', () => {
          hasEnded = true;
          done();
        }),
      );
      await eventually(async () => hasEnded || (await isEnough()));
      const isKilled = !hasEnded && child.kill('SIGKILL');
      await ended;
      return isKilled;
    },
  };
}

/** Whole numbers from one to another, both included. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
