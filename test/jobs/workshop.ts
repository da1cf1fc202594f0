import type { LoyaltyPlatform } from '../../src/accounts/loyalty-platform.ts';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import { LoyaltyWorker, type LoyaltyWorkerOptions } from '../../src/jobs/worker.ts';
import { SpaazaClient, type SpaazaClientOptions } from '../../src/protocols/spaaza/client.ts';
import { runStatement } from '../dialects.ts';
import { optionsFor } from '../link/client-options.ts';
import { chainId, type House, openHouse } from './house.ts';

/** The domain, a worker and the stand-in it talks to, over real HTTP. */
export interface Workshop extends House {
  fake: FakeSpaaza;
  worker: LoyaltyWorker;
  /** What the worker counted, as `push acknowledged`, in order. */
  counted: string[];
  /** What the worker said to people. */
  log: { level: string; fields: Record<string, unknown>; message: string }[];
  /** Keeps answers of the platform, which carries out what it is asked all the same, from the worker until called back. */
  holdAnswers(): () => void;
  /** The row that waits for a customer; undefined when nothing does. */
  row(customerId: number): ReturnType<House['deps']['store']['queue']['find']>;
  /** Waits until nothing waits for these customers any more, and the worker is through with them. */
  done(...customerIds: number[]): Promise<void>;
  /** The link of a customer to the chain. */
  linkOf(customerId: number): Promise<{ spaazaUserId: number | null } | undefined>;
  stop(): Promise<void>;
}

export interface WorkshopOptions {
  worker?: Partial<LoyaltyWorkerOptions>;
  client?: Partial<SpaazaClientOptions>;
  /** Another worker's, to work on the same platform. */
  fake?: FakeSpaaza;
}

/** Opens everything on a migrated database, on which nothing waits yet, and starts the worker. */
export async function openWorkshop(url: string, options: WorkshopOptions = {}): Promise<Workshop> {
  if (options.fake === undefined) {
    // A new stand-in counts its people from the beginning: to it the customers of earlier tests are others.
    const loyaltyTables = ['queue', 'inbox', 'chain_state', 'links', 'tombstones'].map((name) => `loyalty_${name}`);
    const tables = ['outbox', ...loyaltyTables];
    await runStatement(url, tables.map((table) => `delete from ${table}`).join('; '));
  }
  const house = await openHouse(url);
  const fake = options.fake ?? (await startFakeSpaaza({ chainId }));
  const counted: string[] = [];
  const log: Workshop['log'] = [];
  const say = (level: string) => (fields: object, message: string) => {
    log.push({ level, fields: fields as Record<string, unknown>, message });
  };
  const client = new SpaazaClient({ ...optionsFor(fake), timeoutMs: 3_000, concurrency: 8, ...options.client });
  let gate: Promise<void> = Promise.resolve();
  const gated = async <T>(call: Promise<T>): Promise<T> => {
    // An error waits for the gate as well.
    await call.catch(() => undefined);
    await gate;
    return call;
  };
  const platform: LoyaltyPlatform = {
    chainId,
    fetchUser: (...args) => gated(client.fetchUser(...args)),
    addUser: (...args) => gated(client.addUser(...args)),
    alterUser: (...args) => gated(client.alterUser(...args)),
    deleteUser: (...args) => gated(client.deleteUser(...args)),
    close: () => client.close(),
  };
  const worker = new LoyaltyWorker({
    deps: house.deps,
    platforms: { platformOf: (id) => (id === chainId ? platform : undefined), close: () => client.close() },
    log: { info: say('info'), warn: say('warn'), error: say('error') },
    count: (_chain, kind, outcome) => counted.push(`${kind} ${outcome}`),
    pollMs: 5,
    random: () => 1,
    ...options.worker,
  });
  worker.start();
  const row = (customerId: number) => house.deps.store.queue.find(chainId, customerId);
  return {
    ...house,
    fake,
    worker,
    counted,
    log,
    holdAnswers: () => {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
    row,
    done: (...customerIds) =>
      until(async () => {
        // Twice, because what ends the work on a row may write an event, which makes another row.
        for (let look = 0; look < 2; look += 1) {
          if (!(await house.deps.store.outbox.isEmpty())) return false;
          for (const customerId of customerIds) if ((await row(customerId)) !== undefined) return false;
        }
        return worker.running === 0;
      }),
    linkOf: async (customerId) =>
      (await house.deps.store.links.listByCustomer(customerId)).find((link) => link.chainId === chainId),
    stop: async () => {
      await worker.stop(100);
      await client.close();
      if (options.fake === undefined) await fake.stop();
      await house.close();
    },
  };
}

/** Waits for a condition, up to twenty seconds. */
export async function until(isMet: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await isMet()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It did not come to that');
}
