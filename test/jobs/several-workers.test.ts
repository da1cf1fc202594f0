import { afterEach, describe, expect, it } from 'vitest';
import type { LoyaltyPlatform } from '../../src/accounts/loyalty-platform.ts';
import { startFakeSpaaza } from '../../src/fake/spaaza.ts';
import { SpaazaClient } from '../../src/protocols/spaaza/client.ts';
import { databaseKinds, describeOnBothDatabases, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { optionsFor } from '../link/client-options.ts';
import { scriptOfSuite } from '../own-process.ts';
import { chainId, operator } from './house.ts';
import { openWorkshop, until, type Workshop } from './workshop.ts';

describeOnBothDatabases('several workers', (database) => {
  const shops: Workshop[] = [];

  afterEach(async () => {
    for (const shop of shops.toReversed()) await shop.stop();
    shops.length = 0;
  });

  it('never work on one customer at once, and send everybody’s changes in order', async () => {
    const fake = await startFakeSpaaza({ chainId });
    const client = new SpaazaClient({ ...optionsFor(fake), concurrency: 16 });
    const underWay = new Set<number>();
    const clashes: number[] = [];
    const alone = async <T>(customerId: number, call: () => Promise<T>): Promise<T> => {
      if (underWay.has(customerId)) clashes.push(customerId);
      underWay.add(customerId);
      try {
        return await call();
      } finally {
        underWay.delete(customerId);
      }
    };
    const guarded: LoyaltyPlatform = {
      chainId,
      fetchUser: (by, call) => client.fetchUser(by, call),
      addUser: (view, ...rest) => alone(view.customerId, () => client.addUser(view, ...rest)),
      alterUser: (userId, view, agreed, call) =>
        alone(view.customerId, () => client.alterUser(userId, view, agreed, call)),
      deleteUser: (by, call) => client.deleteUser(by, call),
      close: () => client.close(),
    };
    const worker = { platforms: { platformOf: () => guarded, close: () => client.close() } };
    shops.push(await openWorkshop(database.url, { fake: await emptied(database.url, fake), worker }));
    shops.push(await openWorkshop(database.url, { fake, worker }));
    const [shop] = shops as [Workshop, Workshop];
    fake.behave({ delayMs: 15 });
    const ids: number[] = [];
    for (let count = 0; count < 12; count += 1) ids.push(await shop.create({ phone: '0' }));
    for (let round = 1; round <= 8; round += 1) {
      await Promise.all(ids.map((id, index) => shops[(index + round) % 2]!.change(id, { phone: String(round) })));
    }
    await shop.done(...ids);
    expect(clashes).toEqual([]);
    expect(fake.users()).toHaveLength(ids.length);
    for (const user of fake.users()) {
      expect(user.phone_number).toBe('8');
      const phones = fake.requests(user.user_id as number).map(({ parameters }) => Number(parameters.phone_number));
      expect(phones, String(user.user_id)).toEqual(phones.toSorted((a, b) => a - b));
    }
    const bothWorked = shops.map(({ counted }) => counted.length);
    expect(Math.min(...bothWorked)).toBeGreaterThan(0);
    await client.close();
    await fake.stop();
  });

  it('take over the rows of one that stands still, which then writes nothing', async () => {
    // The lease is over before the answer comes, and the first worker does not renew it: its clock stands still.
    shops.push(await openWorkshop(database.url, { worker: { leaseSeconds: 30 } }));
    const [first] = shops as [Workshop];
    const answer = first.holdAnswers();
    const id = await first.create({ phone: '1' });
    await until(() => first.fake.requests().length === 1);
    shops.push(await openWorkshop(database.url, { fake: first.fake }));
    const second = shops[1]!;
    second.setClock(31);
    await second.done(id);
    expect(second.counted).toEqual(['push acknowledged']);
    answer();
    await first.worker.stop(10_000);
    expect(first.counted).toEqual([]);
    expect((await second.deps.store.links.findAgreement(id, chainId))?.syncedAt).toBe(at(31));
  });

  it('hand back what they could not finish in the time they had to stop', async () => {
    shops.push(await openWorkshop(database.url));
    const [shop] = shops as [Workshop];
    shop.fake.behave({ delayMs: 2_500 });
    const id = await shop.create();
    await until(() => shop.fake.requests().length === 1);
    await shop.worker.stop(50);
    expect(await shop.row(id)).toMatchObject({ state: 'waiting', leasedUntil: at(0), attempts: 0 });
  });

  it('finish what is under way when there is time', async () => {
    shops.push(await openWorkshop(database.url));
    const [shop] = shops as [Workshop];
    const answer = shop.holdAnswers();
    const id = await shop.create();
    await until(() => shop.fake.requests().length === 1);
    const stopped = shop.worker.stop(10_000);
    answer();
    await stopped;
    expect(await shop.row(id)).toBeUndefined();
    expect(await shop.linkOf(id)).toMatchObject({ spaazaUserId: expect.any(Number) });
  });

  it('look at once when told of a change, however seldom they look by themselves', async () => {
    shops.push(await openWorkshop(database.url, { worker: { pollMs: 3_600_000 } }));
    const [shop] = shops as [Workshop];
    shop.onEvent(() => shop.worker.wake());
    const id = await shop.create();
    await shop.done(id);
    expect(shop.fake.users()).toHaveLength(1);
  });

  async function emptied(url: string, fake: Workshop['fake']): Promise<Workshop['fake']> {
    await (await openWorkshop(url)).stop();
    return fake;
  }
});

const worker = `
  import { openWorkshop } from './test/jobs/workshop.ts';

  const [url, fake] = process.argv.slice(2);
  await openWorkshop(url, { fake: JSON.parse(fake) });
  setInterval(() => console.log('alive'), 10);
`;

describe.each(databaseKinds)('a worker that is killed (%s)', (kind) => {
  const runWorker = scriptOfSuite(worker);
  let fresh: FreshDatabase;

  afterEach(() => fresh.drop());

  it('between sending and hearing of it leaves nothing lost and nothing double', async () => {
    fresh = await freshDatabaseUrl(kind);
    const { openStore } = await import('../../src/storage/index.ts');
    const store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
    await store.migrate();
    await store.close();
    const shop = await openWorkshop(fresh.url);
    await shop.worker.stop(0);
    const { fake } = shop;
    const id = await shop.create({ phone: '1' });
    fake.behave({ delayMs: 60_000 });
    const { url, credential, hostname } = fake;
    const dead = await runWorker([fresh.url, JSON.stringify({ url, chainId, credential, hostname })], (_, kill) => {
      if (fake.requests().length > 0) kill();
    });
    expect(dead.code).toBeNull();
    expect(await shop.row(id)).toMatchObject({ leaseToken: expect.any(String), leasedUntil: at(30) });
    fake.behave({});
    const next = await openWorkshop(fresh.url, { fake });
    await next.change(id, { phone: '2' });
    next.setClock(31);
    await next.done(id);
    expect(fake.users()).toMatchObject([{ phone_number: '2', authentication_point_identifier: String(id) }]);
    expect(fake.requests().map(({ endpoint }) => endpoint)).toEqual(['add-user', 'add-user']);
    await next.accounts.deleteAccount({ customerId: id }, operator);
    await next.done(id);
    await next.stop();
    await shop.stop();
  });
});
