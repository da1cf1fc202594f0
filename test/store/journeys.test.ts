import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccountEvent } from '../../src/accounts/events.ts';
import { digestOf, outboundView } from '../../src/accounts/loyalty-link.ts';
import type { CustomerWithGroups } from '../../src/accounts/store.ts';
import { type OpenStore, openStore } from '../../src/storage/index.ts';
import { type FreshDatabase, freshMigratedUrl } from '../dialects.ts';
import { addCustomer, at, openSession } from '../fixtures.ts';
import { type House, openHouse, platformContext, updateOf } from '../jobs/house.ts';

/** Reads what PostgreSQL says on one connection: each message is the letter of its type, its length without that, and the rest. */
function messageReader(onMessage: (type: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      onMessage(String.fromCharCode(rest[0]!));
      rest = rest.subarray(1 + rest.readUInt32BE(1));
    }
  };
}

/** Stands between Foyer and PostgreSQL, and counts how often Foyer says something after it was answered. */
class Between {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isAnswered = true;
  journeys = 0;
  /** How often PostgreSQL has come to the end of what it was sent in one piece. */
  answers = 0;
  /** How many statements it has carried out. */
  statements = 0;

  constructor(to: { host: string; port: number }) {
    this.#server = createServer((foyer) => {
      const postgres = connect(to.port, to.host);
      const read = messageReader((type) => {
        if (type === 'Z') this.answers += 1;
        if (type === 'C') this.statements += 1;
      });
      for (const socket of [foyer, postgres]) {
        this.#sockets.add(socket);
        socket.setNoDelay();
        socket.on('error', () => undefined);
      }
      foyer.on('data', (chunk) => {
        if (this.#isAnswered) this.journeys += 1;
        this.#isAnswered = false;
        postgres.write(chunk);
      });
      postgres.on('data', (chunk) => {
        this.#isAnswered = true;
        read(chunk);
        foyer.write(chunk);
      });
      foyer.on('close', () => postgres.destroy());
      postgres.on('close', () => foyer.destroy());
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

let fresh: FreshDatabase;
let between: Between;
let store: OpenStore;
let house: House;
let isLinkOn = false;

beforeAll(async () => {
  fresh = await freshMigratedUrl('postgres');
  const url = new URL(fresh.url);
  between = new Between({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(await between.listen());
  store = openStore({ url: url.href, poolSize: 1, statementTimeoutMs: 10_000 });
  house = await openHouse(url.href, () => isLinkOn);
});
afterAll(async () => {
  await house?.close();
  await store?.close();
  between?.stop();
  await fresh.drop();
});

const entry = (customerId: number, field: string, after: string) => ({
  customerId,
  field,
  before: null,
  after,
  origin: 'gomus' as const,
  actor: 'customer',
  requestId: 'r-1',
  changedAt: at(1),
});

let seconds = 0;

/** What a change of a name is to the database. */
const rename = (id: number, givenName: string, known?: CustomerWithGroups): Promise<void> =>
  store.transaction(async ({ customers, history, outbox }) => {
    const held = (await customers.lock(id, known))!;
    seconds += 1;
    await customers.update(held, { givenName }, at(seconds));
    await history.append([entry(id, 'givenName', givenName)]);
    const event: AccountEvent = { type: 'customer.updated', customerId: id, fields: ['givenName'] };
    await outbox.append({ event, origin: 'gomus', actor: 'customer', requestId: 'r-1', occurredAt: at(1) });
  });

/** What some work costs: how often PostgreSQL is waited for, and how many statements it carries out. */
const costOf = async (work: () => Promise<unknown>): Promise<{ journeys: number; statements: number }> => {
  const { journeys, answers, statements } = between;
  await work();
  expect(between.answers - answers).toBe(between.journeys - journeys);
  return { journeys: between.journeys - journeys, statements: between.statements - statements };
};

it('a change of a name waits for PostgreSQL twice', async () => {
  const id = await addCustomer(store, { givenName: 'Ada' });
  await rename(id, 'Augusta');
  for (const name of ['Grace', 'Jean', 'Betty']) {
    // Lock and read; change, words taken and given, history, event; begin and commit.
    expect(await costOf(() => rename(id, name))).toEqual({ journeys: 2, statements: 9 });
  }
  expect((await store.customers.findById(id))?.customer.givenName).toBe('Betty');
  expect((await store.customers.search({ words: ['betty'], websiteId: null, page: 1, perPage: 5 })).totalCount).toBe(1);
});

it('the same for somebody who has been read waits once, and locks by the change itself; again where they changed', async () => {
  const id = await addCustomer(store, { givenName: 'Ada' });
  const read = async () => (await store.customers.findById(id))!;
  // The first time, statements are prepared.
  await rename(id, 'Augusta', await read());
  const before = await read();
  expect(await costOf(() => rename(id, 'Grace', before))).toEqual({ journeys: 1, statements: 7 });
  expect((await costOf(() => rename(id, 'Jean', before))).journeys).toBe(4);
  expect(await read()).toMatchObject({ customer: { givenName: 'Jean', updatedAt: at(seconds) } });
  expect((await store.customers.search({ words: ['grace'], websiteId: null, page: 1, perPage: 5 })).totalCount).toBe(0);
});

/** What an update from the loyalty platform is to the database, once it is known whom it is about. */
const takeOver = (id: number, phone: string): Promise<void> =>
  store.transaction(async ({ customers, history, links }) => {
    const [held, profile] = await Promise.all([customers.lock(id), customers.findLoyaltyProfile(id, 123)]);
    await customers.update(held!, { phone }, at(1));
    await history.append([entry(id, 'phone', phone)]);
    const view = outboundView({ ...profile!, customer: { ...profile!.customer, phone } });
    await links.agree(id, 123, { view, ...digestOf(view), syncedAt: at(1) });
    await links.touch(id, 123, at(2));
  });

it('an update from the platform waits twice as well: for the customer with the profile, and for the commit', async () => {
  const id = await addCustomer(store);
  await takeOver(id, '030 1');
  const journeys = between.journeys;
  await takeOver(id, '030 2');
  expect(between.journeys - journeys).toBe(2);
  expect((await store.links.findAgreement(id, 123))?.view).toMatchObject({ phone: '030 2' });
  expect((await store.links.findAgreement(id, 123))?.syncedAt).toBe(at(2));
});

it('whoever changes their account waits once, and the platform four times: twice to find whom it means', async () => {
  const id = await house.create();
  const tie = { identifiers: { customerId: id, userId: 77 }, consents: { isProgrammeOptedIn: true } };
  await house.accounts.applyLoyaltyUpdate(updateOf(tie), platformContext);
  const own = { ...platformContext, actor: { kind: 'customer', id }, origin: 'gomus' } as const;
  const shop = house.deps.directory.topology.defaultShop;
  const sessionId = await openSession(store, id);
  const byThemselves = async (phone: string) => {
    const account = (await store.customers.findById(id))!;
    const journeys = between.journeys;
    const update = { account, sessionId, shop, changes: { phone }, newsletter: {}, problems: [] };
    await house.accounts.updateOwnAccount(update, own);
    return between.journeys - journeys;
  };
  const byThePlatform = async (phone: string) => {
    seconds += 1;
    house.setClock(seconds);
    const journeys = between.journeys;
    await house.accounts.applyLoyaltyUpdate(
      updateOf({ identifiers: { userId: 77 }, changes: { phone } }),
      platformContext,
    );
    return between.journeys - journeys;
  };
  // The first time, statements are prepared.
  await byThemselves('1');
  await byThePlatform('2');
  expect([await byThemselves('3'), await byThePlatform('4')]).toEqual([1, 4]);
  // Once more for what was agreed and what is being sent, and for when it was changed here.
  isLinkOn = true;
  await byThePlatform('5');
  expect([await byThemselves('6'), await byThePlatform('7')]).toEqual([1, 6]);
  expect((await store.customers.findById(id))?.customer.phone).toBe('7');
});
