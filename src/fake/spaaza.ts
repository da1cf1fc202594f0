import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { type Behaviour, readBehaviour } from './behaviour.ts';
import { controlRoutes } from './control-routes.ts';
import { type FakeChain, FakeHouse, type FakeStats } from './house.ts';
import type { JournalEntry } from './journal.ts';
import { userInfoOf } from './person.ts';
import { spaazaRoutes } from './spaaza-routes.ts';
import type { Delivery, WebhookTarget } from './webhooks.ts';

export interface FakeSpaazaOptions extends Partial<FakeChain> {
  /** Loopback unless said otherwise: there is no telling who else would read the people or turn the switches. */
  host?: string;
  /** 0, the default, takes any free one. */
  port?: number;
  webhook?: WebhookTarget;
  /** Clock of created_date and last_modified_date. */
  now?: () => Date;
}

/** A running stand-in. What its methods do is also there over HTTP, under `/_fake`. */
export interface FakeSpaaza extends FakeChain {
  /** Base address, without a slash at its end. */
  readonly url: string;
  /** Sets the switches; those left out are off. */
  behave(behaviour: Partial<Behaviour>): void;
  /** Everybody as get-user shows them, erased people included. */
  users(): Record<string, unknown>[];
  user(userId: number): Record<string, unknown> | undefined;
  /** Makes a person in the platform, or changes the one with this username; takes add-user's fields, gives the id. */
  addUser(fields: Readonly<Record<string, unknown>>): number;
  /** A change made in the platform; takes alter-user's fields. */
  changeUser(userId: number, fields: Readonly<Record<string, unknown>>): void;
  eraseUser(userId: number): void;
  /** What was carried out, in order; of one person when an id is given. */
  requests(userId?: number): readonly JournalEntry[];
  stats(): FakeStats;
  clearJournal(): void;
  sendWebhooksTo(target: WebhookTarget | undefined): void;
  deliveries(): readonly Delivery[];
  /** Resolves when all webhooks announced so far were sent. */
  webhooksSettled(): Promise<void>;
  /** Cuts all connections. */
  stop(): Promise<void>;
}

/** What a stand-in is unless said otherwise; chain and hostname are those of the demo. */
export const fakeDefaults: FakeChain = {
  chainId: 123,
  credential: 'fake-key:fake-secret',
  hostname: 'demo.spaaza.com',
};

/**
 * Starts a stand-in of the Spaaza API that keeps its people in memory: get-user, add-user, alter-user and delete-user of
 * one chain with privileged credentials, as far as their behaviour is published (spaaza 3). For tests and for trying out.
 */
export async function startFakeSpaaza(options: FakeSpaazaOptions = {}): Promise<FakeSpaaza> {
  const { host = '127.0.0.1', port = 0, webhook, now = () => new Date(), ...chain } = options;
  const house = new FakeHouse({ ...fakeDefaults, ...chain }, now, webhook);
  const { people, journal, webhooks } = house;
  const server = fastify({ forceCloseConnections: true, keepAliveTimeout: 60_000 });
  server.server.on('connection', () => {
    house.stats.connections += 1;
  });
  spaazaRoutes(server, house);
  await server.register(async (scope) => controlRoutes(scope, house), { prefix: '/_fake' });
  await server.listen({ host, port });
  const address = server.server.address() as AddressInfo;
  const person = (userId: number) => {
    const found = people.byId(userId);
    if (found === undefined) throw new Error(`Nobody has the id ${userId}`);
    return found;
  };
  return {
    ...house.chain,
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    behave: (behaviour) => house.behave(readBehaviour(behaviour)),
    users: () => people.all().map(userInfoOf),
    user: (userId) => {
      const found = people.byId(userId);
      return found && userInfoOf(found);
    },
    addUser: (fields) => people.add({ update_if_exists: true, ...fields }).person.userId,
    changeUser: (userId, fields) => people.alter(person(userId), fields),
    eraseUser: (userId) => people.erase(person(userId)),
    requests: (userId) => journal.entries(userId),
    stats: () => ({ ...house.stats }),
    clearJournal: () => house.clearJournal(),
    sendWebhooksTo: (target) => {
      webhooks.target = target;
    },
    deliveries: () => webhooks.deliveries,
    webhooksSettled: () => webhooks.settled(),
    stop: async () => {
      webhooks.stop();
      await server.close();
    },
  };
}
