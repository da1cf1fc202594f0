import type { RequestContext } from '../../src/accounts/access.ts';
import type { LoyaltyUpdate } from '../../src/accounts/apply-loyalty-update.ts';
import type { AccountDeps } from '../../src/accounts/deps.ts';
import { type Accounts, createAccounts } from '../../src/accounts/index.ts';
import { composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import { at, saveTopology, smallTopology, someEmail } from '../fixtures.ts';

/** The chain of `smallTopology`. */
export const chainId = 123;

export const operator: RequestContext = {
  actor: { kind: 'operator', name: 'anna' },
  origin: 'operator',
  requestId: 'r-operator',
};

/** The domain on one database, with a clock that stands still until it is told otherwise. */
export interface House {
  accounts: Accounts;
  deps: AccountDeps;
  /** Sets the clock to so many seconds after the moment all fixtures live in. */
  setClock(seconds: number): void;
  now(): string;
  /** Makes a customer; gives the id. */
  create(changes?: Record<string, string>): Promise<number>;
  change(customerId: number, changes: Record<string, string>): Promise<void>;
  /** Has something called after each commit that wrote an event. */
  onEvent(listener: () => void): void;
  close(): Promise<void>;
}

/** Opens the domain on a migrated database; the link of chain 123 is on unless said otherwise. */
export async function openHouse(url: string, isOn: (chainId: number) => boolean = () => true): Promise<House> {
  const config = loadConfig({ FOYER_DATABASE_URL: url }, 'tool');
  const composed = composeAccounts({ config });
  let now = at(0);
  const deps: AccountDeps = { ...composed.deps, loyalty: { isOn, pullIntervalSeconds: 300 }, now: () => now };
  const { store, directory } = deps;
  await saveTopology(store, smallTopology);
  await directory.refresh();
  const accounts = createAccounts(deps);
  return {
    accounts,
    deps,
    setClock: (seconds) => {
      now = at(seconds);
    },
    now: () => now,
    create: async (changes = {}) => {
      const { customer } = await accounts.createCustomer(
        {
          shop: directory.topology.defaultShop,
          changes: { email: someEmail(), givenName: 'Grace', familyName: 'Hopper', ...changes },
          newsletter: {},
          problems: [],
        },
        operator,
      );
      return customer.id;
    },
    change: async (customerId, changes) => {
      const input = { reference: String(customerId), changes, newsletter: {}, problems: [] };
      await accounts.updateCustomer(input, operator);
    },
    onEvent: (listener) =>
      composed.onTransaction(({ hasEvent }) => {
        if (hasEvent) listener();
      }),
    close: () => composed.store.close(),
  };
}

/** What the platform says about somebody, as the update endpoint reads it. */
export function updateOf(overrides: Partial<LoyaltyUpdate>): LoyaltyUpdate {
  return {
    identifiers: {},
    changes: {},
    address: {},
    consents: {},
    isErasure: false,
    createIfMissing: false,
    chainId,
    problems: [],
    ...overrides,
  };
}

/** The context of a call of the platform's own. */
export const platformContext: RequestContext = {
  actor: { kind: 'partner', keyId: 1, name: 'spaaza', scopes: ['customer_write'], websiteId: null },
  origin: 'spaaza',
  requestId: 'r-platform',
};
