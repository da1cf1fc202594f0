import { afterAll, beforeAll } from 'vitest';
import type { RequestContext } from '../../src/accounts/access.ts';
import type { LoyaltyUpdate } from '../../src/accounts/apply-loyalty-update.ts';
import type { AccountDeps } from '../../src/accounts/deps.ts';
import { type Accounts, createAccounts } from '../../src/accounts/index.ts';
import type { TopologyData } from '../../src/accounts/topology.ts';
import { composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { type DatabaseUnderTest, runStatement } from '../dialects.ts';
import { at } from '../fixtures.ts';

/** The verbs on a suite's database, with a clock that stands still until a test moves it. */
export interface House {
  readonly accounts: Accounts;
  readonly deps: AccountDeps;
  readonly store: OpenStore;
  readonly clock: { now(): string; advance(milliseconds: number): void };
  /** Runs one statement behind the back of the verbs. */
  statement(text: string): Promise<void>;
}

/** Opens the verbs over a suite's database with a topology of its own; they work from `beforeAll` on. */
export function houseOfSuite(database: DatabaseUnderTest, topology: TopologyData): House {
  let composed: ReturnType<typeof composeAccounts>;
  let accounts: Accounts;
  let deps: AccountDeps;
  let milliseconds = Date.parse(at(0));
  const clock = {
    now: () => new Date(milliseconds).toISOString(),
    advance: (by: number) => {
      milliseconds += by;
    },
  };
  beforeAll(async () => {
    composed = composeAccounts({ config: loadConfig({ FOYER_DATABASE_URL: database.url }, 'tool') });
    const rules = { ...composed.deps.rules, needsCurrentPassword: false };
    deps = { ...composed.deps, rules, now: clock.now };
    accounts = createAccounts(deps);
    await accounts.applyTopology({ wanted: topology, isDryRun: false });
    await accounts.directory.refresh();
  });
  afterAll(async () => {
    await composed.queue.drain();
    await composed.store.close();
  });
  return {
    get accounts() {
      return accounts;
    },
    get deps() {
      return deps;
    },
    get store() {
      return composed.store;
    },
    clock,
    statement: (text) => runStatement(database.url, text),
  };
}

/** An operator, who may read everything. */
export const operator: RequestContext = {
  actor: { kind: 'operator', name: 'anna' },
  origin: 'operator',
  requestId: 'operator-request',
};

/** The loyalty platform with a key that may write. */
export const platform: RequestContext = {
  actor: { kind: 'partner', keyId: 3, name: 'spaaza', scopes: ['customer_write'], websiteId: null },
  origin: 'spaaza',
  requestId: 'platform-request',
};

/** An update of the platform that says nothing; overrides win. */
export function loyaltyUpdate(overrides: Partial<LoyaltyUpdate> = {}): LoyaltyUpdate {
  return {
    identifiers: {},
    changes: {},
    address: {},
    consents: {},
    isErasure: false,
    createIfMissing: false,
    problems: [],
    ...overrides,
  };
}
