import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { LoyaltyPlatform } from '../../src/accounts/loyalty-platform.ts';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import type { DatabaseUnderTest } from '../dialects.ts';
import { runStatement } from '../dialects.ts';
import { smallTopology } from '../fixtures.ts';
import { type House, openHouse } from '../jobs/house.ts';
import { clientOf } from './client-options.ts';

/** The domain on a suite's database, and a stand-in of the platform that it reaches over HTTP. */
export interface LinkedHouse {
  readonly house: House;
  readonly fake: FakeSpaaza;
  readonly platform: LoyaltyPlatform;
  /** Makes a customer, and a person over there as the fields say. */
  createBoth(changes: Record<string, string>, there: Record<string, unknown>): Promise<{ id: number; userId: number }>;
}

/** Opens both; every test begins without customers and people. They work from `beforeAll` on. */
export function linkedHouseOfSuite(database: DatabaseUnderTest): LinkedHouse {
  let house: House;
  let fake: FakeSpaaza;
  let platform: LoyaltyPlatform;
  beforeAll(async () => {
    house = await openHouse(database.url);
    fake = await startFakeSpaaza({ hostname: smallTopology.chains[0]!.hostname });
    platform = clientOf(fake, { concurrency: 8 });
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
    await platform.close();
    await fake.stop();
    await house.close();
  });
  return {
    get house() {
      return house;
    },
    get fake() {
      return fake;
    },
    get platform() {
      return platform;
    },
    createBoth: async (changes, there) => {
      const id = await house.create(changes);
      return { id, userId: fake.addUser({ username: changes.email, ...there }) };
    },
  };
}
