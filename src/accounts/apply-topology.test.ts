import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenStore, openStore } from '../storage/index.ts';
import { applyTopology } from './apply-topology.ts';
import { defaultTopology } from './default-topology.ts';
import type { AccountDeps } from './deps.ts';
import { Directory } from './directory.ts';
import { AccountError, type Problem } from './errors.ts';
import type { Shop, TopologyData, Website } from './topology.ts';

const tickets: Website = {
  id: 1,
  code: 'tickets',
  name: 'Tickets',
  poolId: 1,
  chainId: 123,
  generalNewsletterGroupId: 1,
  couplesNewsletter: false,
};
const webshop: Website = { ...tickets, id: 2, code: 'webshop', name: 'Webshop', chainId: null };
const ticketStore: Shop = {
  id: 1,
  code: 'tickets_de',
  name: 'Tickets (German)',
  websiteId: 1,
  locale: 'de',
  hosts: ['tickets.museum.example'],
  defaultNewsletterGroupIds: [1],
  isDefault: true,
};
const webshopStore: Shop = {
  ...ticketStore,
  id: 2,
  code: 'webshop',
  name: 'Webshop',
  websiteId: 2,
  hosts: ['shop.museum.example'],
  isDefault: false,
};
const museum: TopologyData = {
  pools: [
    { id: 1, code: 'museum' },
    { id: 2, code: 'friends' },
  ],
  websites: [tickets, webshop],
  shops: [ticketStore, webshopStore],
  chains: [{ id: 123, api: 'https://api0.spaaza.com', hostname: 'museum.spaaza.com' }],
  newsletterGroups: [
    { id: 1, name: 'General newsletter' },
    { id: 8, name: 'Concerts' },
  ],
};
const nothing: TopologyData = { pools: [], websites: [], shops: [], chains: [], newsletterGroups: [] };

let folder: string;
let store: OpenStore;
let deps: AccountDeps;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-topology-'));
  store = openStore({ url: `sqlite:${join(folder, 'foyer.db')}`, poolSize: 1, statementTimeoutMs: 5_000 });
  await store.migrate();
  deps = depsOn(store);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function depsOn(opened: OpenStore): AccountDeps {
  const refuse = async (): Promise<never> => {
    throw new Error('Neither a password nor a customer is needed here');
  };
  return {
    store: opened,
    directory: new Directory(opened),
    passwords: { check: refuse, hash: refuse },
    debtorNumbers: { next: refuse },
    rules: {
      sessions: { mode: 'stable', lifespanSeconds: 60, maxDevices: 10, previousTokenSeconds: 60 },
      lock: { maxFailures: 6, lockSeconds: 60 },
      needsCurrentPassword: true,
      kept: { deadLetterDays: 1, inboxDays: 1, tombstoneDays: 1, signInHistoryDays: 1 },
    },
    loyalty: { isOn: () => false, pullIntervalSeconds: 300 },
    now: () => '2026-01-01T00:00:00.000Z',
  };
}

const apply = (wanted: TopologyData) => applyTopology(deps, { wanted, isDryRun: false });
const revision = async () => (await store.settings.readAll()).get('revision');

async function problemsOf(wanted: TopologyData): Promise<readonly Problem[]> {
  try {
    await applyTopology(deps, { wanted, isDryRun: true });
  } catch (error) {
    if (error instanceof AccountError && error.code === 'validation_failed') return error.details.problems ?? [];
    throw error;
  }
  return [];
}

describe('applyTopology', () => {
  it('writes a whole topology into an empty store and tells what it added, referred to before referring', async () => {
    const changes = await apply(museum);
    expect(changes.map(({ kind, id, change }) => `${change} ${kind} ${id}`)).toEqual([
      'added pool 1',
      'added pool 2',
      'added newsletter group 1',
      'added newsletter group 8',
      'added chain 123',
      'added website 1',
      'added website 2',
      'added store 1',
      'added store 2',
    ]);
    expect(await store.topology.read()).toEqual(museum);
  });

  it('makes the directory answer from the new topology at once', async () => {
    await apply(museum);
    expect(deps.directory.topology.shopByHost('shop.museum.example').code).toBe('webshop');
    await apply({ ...museum, shops: [ticketStore, { ...webshopStore, hosts: ['new.museum.example'] }] });
    expect(deps.directory.topology.shopByHost('new.museum.example').code).toBe('webshop');
  });

  it('finds nothing to do the second time and leaves the revision alone', async () => {
    await apply(museum);
    const before = await revision();
    expect(await apply(museum)).toEqual([]);
    expect(await revision()).toBe(before);
  });

  it('names the fields that changed, writes them and moves the revision on by one', async () => {
    await apply(museum);
    const before = Number(await revision());
    const wanted = {
      ...museum,
      chains: [{ ...museum.chains[0]!, api: 'http://localhost:4000' }],
      shops: [ticketStore, { ...webshopStore, locale: 'en', defaultNewsletterGroupIds: [8, 1] }],
    };
    expect(await apply(wanted)).toEqual([
      { kind: 'chain', id: 123, change: 'changed', fields: ['api'] },
      { kind: 'store', id: 2, change: 'changed', fields: ['locale', 'defaultNewsletterGroupIds'] },
    ]);
    expect(await store.topology.read()).toEqual(wanted);
    expect(Number(await revision())).toBe(before + 1);
  });

  it('only compares in a dry run, even on an empty store', async () => {
    const changes = await applyTopology(deps, { wanted: museum, isDryRun: true });
    expect(changes).toHaveLength(9);
    expect(await store.topology.read()).toEqual(nothing);
    expect(await revision()).toBe('1');
  });

  it('keeps what is stored but not wanted, says so, and writes nothing for it', async () => {
    await apply(museum);
    const before = await revision();
    const wanted = { ...museum, websites: [tickets], shops: [ticketStore] };
    expect(await apply(wanted)).toEqual([
      { kind: 'website', id: 2, change: 'not in file', fields: [] },
      { kind: 'store', id: 2, change: 'not in file', fields: [] },
    ]);
    expect(await store.topology.read()).toEqual(museum);
    expect(await revision()).toBe(before);
  });

  it('lets an entry refer to one that is stored and not in the file', async () => {
    await apply(museum);
    const kiosk = { ...webshopStore, id: 3, code: 'kiosk', hosts: [] };
    const changes = await apply({ ...nothing, shops: [kiosk] });
    expect(changes.filter(({ change }) => change !== 'not in file')).toEqual([
      { kind: 'store', id: 3, change: 'added', fields: [] },
    ]);
  });

  it('swaps the codes of two entries', async () => {
    await apply(museum);
    const wanted = {
      ...museum,
      websites: [
        { ...tickets, code: 'webshop' },
        { ...webshop, code: 'tickets' },
      ],
      shops: [
        { ...ticketStore, code: 'webshop' },
        { ...webshopStore, code: 'tickets_de' },
      ],
    };
    await apply(wanted);
    expect(await store.topology.read()).toEqual(wanted);
  });

  it('lets the second of two runs at once find that the first has done everything', async () => {
    const [one, other] = await Promise.all([
      apply(museum),
      applyTopology(depsOn(store), { wanted: museum, isDryRun: false }),
    ]);
    expect([one.length, other.length].sort()).toEqual([0, 9]);
    expect(await store.topology.read()).toEqual(museum);
  });

  it('checks the second of two runs at once against what the first one wrote', async () => {
    await apply(museum);
    const hosts = ['new.museum.example'];
    const outcomes = await Promise.allSettled([
      apply({ ...nothing, shops: [{ ...ticketStore, hosts }] }),
      apply({ ...nothing, shops: [{ ...webshopStore, hosts }] }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { shops } = await store.topology.read();
    expect(shops.filter((shop) => shop.hosts.includes('new.museum.example'))).toHaveLength(1);
  });

  it('accepts the topology that an empty database starts with', async () => {
    await apply(defaultTopology);
    expect(deps.directory.topology.shopByHost('localhost').code).toBe('default');
    expect(await apply(defaultTopology)).toEqual([]);
  });
});

describe('what applyTopology refuses', () => {
  it('tells all problems at once and writes nothing', async () => {
    const wanted: TopologyData = {
      pools: [{ id: 0, code: 'mu seum' }],
      websites: [{ ...tickets, poolId: 7, chainId: 5, generalNewsletterGroupId: 9, name: ' ' }],
      shops: [
        { ...ticketStore, websiteId: 4, locale: 'fr', hosts: ['https://a.example'], defaultNewsletterGroupIds: [1, 1] },
        { ...webshopStore, websiteId: 1, code: 'Admin', hosts: ['b.example:8080', 'ok.example'] },
      ],
      chains: [{ id: 1.5, api: 'ftp://x', hostname: 'a\nb' }],
      newsletterGroups: [{ id: 1, name: 'x'.repeat(256) }],
    };
    await expect(apply(wanted)).rejects.toThrow(AccountError);
    const problems = await problemsOf(wanted);
    expect(problems.map(({ field, rule }) => `${field} ${rule}`)).toEqual([
      'pools[0].id invalid',
      'pools[0].code invalid',
      'newsletterGroups[0].name too_long',
      'chains[0].id invalid',
      'chains[0].api invalid',
      'chains[0].hostname invalid',
      'websites[0].name blank',
      'websites[0].pool unknown',
      'websites[0].chain unknown',
      'websites[0].generalNewsletterGroup unknown',
      'stores[1].code invalid',
      'stores[0].website unknown',
      'stores[0].locale invalid',
      'stores[0].hosts[0] invalid',
      'stores[0].newsletterGroups[1] taken',
      'stores[1].hosts[0] invalid',
    ]);
    expect(await store.topology.read()).toEqual(nothing);
    expect(await revision()).toBe('1');
  });

  it('refuses a topology without any store', async () => {
    expect(await problemsOf(nothing)).toEqual([{ field: 'stores', rule: 'blank' }]);
  });

  it('refuses ids, codes and hosts that occur twice in the file, codes in any case', async () => {
    const twin = { ...ticketStore, code: 'TICKETS_de', isDefault: false };
    expect(await problemsOf({ ...museum, shops: [ticketStore, webshopStore, twin] })).toEqual([
      { field: 'stores[2].id', rule: 'taken', value: '1' },
      { field: 'stores[2].code', rule: 'taken', value: 'tickets_de' },
      { field: 'stores[2].hosts[0]', rule: 'taken', value: 'tickets.museum.example' },
    ]);
  });

  it('refuses codes, hosts and a default that a stored entry outside the file has', async () => {
    await apply(museum);
    const rival = { ...ticketStore, id: 5 };
    expect(await problemsOf({ ...nothing, pools: [{ id: 3, code: 'museum' }], shops: [rival] })).toEqual([
      { field: 'pools[0].code', rule: 'taken', value: 'museum' },
      { field: 'stores[0].code', rule: 'taken', value: 'tickets_de' },
      { field: 'stores[0].hosts[0]', rule: 'taken', value: 'tickets.museum.example' },
      { field: 'stores[0].default', rule: 'taken', value: 'tickets_de' },
    ]);
  });

  it('refuses a second default store and accepts none', async () => {
    const second = { ...webshopStore, isDefault: true };
    expect(await problemsOf({ ...museum, shops: [ticketStore, second] })).toEqual([
      { field: 'stores[1].default', rule: 'taken', value: 'tickets_de' },
    ]);
    expect(await problemsOf({ ...museum, shops: [{ ...ticketStore, isDefault: false }, webshopStore] })).toEqual([]);
  });

  it('refuses a website without a store, also one that would lose its last store', async () => {
    expect(await problemsOf({ ...museum, shops: [ticketStore] })).toEqual([
      { field: 'websites[1].stores', rule: 'blank' },
    ]);
    await apply(museum);
    const moved = { ...webshopStore, websiteId: 1 };
    expect(await problemsOf({ ...museum, websites: [tickets], shops: [ticketStore, moved] })).toEqual([
      { field: 'stores[1].website', rule: 'conflict', value: '2' },
    ]);
  });

  it('refuses to move a stored website to another pool', async () => {
    await apply(museum);
    expect(await problemsOf({ ...museum, websites: [tickets, { ...webshop, poolId: 2 }] })).toEqual([
      { field: 'websites[1].pool', rule: 'conflict', value: '2' },
    ]);
  });

  it.each(['all', 'ADMIN', '1st', '_x', 'a-b', 'ä', 'a b', 'default\n'])('refuses the store code %j', async (code) => {
    const problems = await problemsOf({ ...museum, shops: [ticketStore, { ...webshopStore, code }] });
    expect(problems).toEqual([{ field: 'stores[1].code', rule: 'invalid', value: code }]);
  });

  it.each(['', 'Shop.example', 'shop.example.', 'a..b', '-a.example', 'shop_1.example', 'a/b', 'x'.repeat(64), 'a\n'])(
    'refuses the host %j',
    async (host) => {
      const problems = await problemsOf({ ...museum, shops: [ticketStore, { ...webshopStore, hosts: [host] }] });
      expect(problems).toEqual([{ field: 'stores[1].hosts[0]', rule: 'invalid', value: host }]);
    },
  );

  it.each(['localhost', '127.0.0.1', 'xn--mnchen-3ya.example', `${'a.'.repeat(126)}b`])(
    'accepts the host %j',
    async (host) => {
      expect(await problemsOf({ ...museum, shops: [ticketStore, { ...webshopStore, hosts: [host] }] })).toEqual([]);
    },
  );

  it.each(['spaaza', 'https://', 'https://key@api0.spaaza.com', 'https://api0.spaaza.com?x', 'javascript:1'])(
    'refuses the chain address %j',
    async (api) => {
      const problems = await problemsOf({ ...museum, chains: [{ ...museum.chains[0]!, api }] });
      expect(problems).toEqual([{ field: 'chains[0].api', rule: 'invalid' }]);
    },
  );
});
