import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyTopology } from '../accounts/apply-topology.ts';
import { defaultTopology } from '../accounts/default-topology.ts';
import { Directory } from '../accounts/directory.ts';
import type { TopologyData } from '../accounts/topology.ts';
import { openStore } from '../storage/index.ts';
import { parseTopologyFile, renderTopologyFile, TopologyFileError } from './topology-file.ts';

function faultsOf(text: string): string[] {
  try {
    parseTopologyFile(text);
  } catch (error) {
    if (error instanceof TopologyFileError) return error.faults;
    throw error;
  }
  return [];
}

const minimal = `
websites:
  - {id: 1, code: default, name: Main Website}
stores:
  - {id: 1, code: default, name: Default Store View, website: default}
`;

describe('parseTopologyFile', () => {
  it('reads every key, resolving pools and websites by code', () => {
    const { data } = parseTopologyFile(`
pools:
  - {id: 1, code: default}
  - {id: 4, code: friends}
chains: [{id: 123, api: https://api0.spaaza.com, hostname: acme.spaaza.com}]
newsletter_groups: [{id: 1, name: General newsletter}]
websites:
  - {id: 2, code: main, name: Main Website, pool: friends, chain: 123, general_newsletter_group: 1, couple_newsletter: true}
stores:
  - {id: 3, code: shop, name: Shop, website: main, locale: en, hosts: [demo-shop.gomus.de, localhost], newsletter_groups: [1], default: true}
`);
    expect(data).toEqual({
      pools: [
        { id: 1, code: 'default' },
        { id: 4, code: 'friends' },
      ],
      websites: [
        {
          id: 2,
          code: 'main',
          name: 'Main Website',
          poolId: 4,
          chainId: 123,
          generalNewsletterGroupId: 1,
          couplesNewsletter: true,
        },
      ],
      shops: [
        {
          id: 3,
          code: 'shop',
          name: 'Shop',
          websiteId: 2,
          locale: 'en',
          hosts: ['demo-shop.gomus.de', 'localhost'],
          defaultNewsletterGroupIds: [1],
          isDefault: true,
        },
      ],
      chains: [{ id: 123, api: 'https://api0.spaaza.com', hostname: 'acme.spaaza.com' }],
      newsletterGroups: [{ id: 1, name: 'General newsletter' }],
    });
  });

  it('makes one pool and puts the websites in it when the file has none', () => {
    const { data } = parseTopologyFile(minimal);
    expect(data.pools).toEqual([{ id: 1, code: 'default' }]);
    expect(data.websites[0]).toMatchObject({ poolId: 1, chainId: null, generalNewsletterGroupId: null });
    expect(data.shops[0]).toMatchObject({ locale: 'de', hosts: [], defaultNewsletterGroupIds: [], isDefault: false });
  });

  it('puts a website without a pool into the only pool, and asks when there are several', () => {
    expect(parseTopologyFile(`pools: [{id: 9, code: p}]${minimal}`).data.websites[0]?.poolId).toBe(9);
    expect(faultsOf(`pools: [{id: 9, code: p}, {id: 10, code: q}]${minimal}`)).toEqual([
      'line 3: websites[0]: pool is missing, and there are 2 pools',
    ]);
  });

  it('tells every fault at once, by line and path, with the word that was probably meant', () => {
    const text = `websites:
  - {id: "1", code: true, nmae: Main, pool: defualt}
stores:
  - id: 1.5
    code: shop
    name: Shop
    website: mian
    hosts: [1, {}]
    newsletter-groups: [1]
    default: yes
stors: []
`;
    expect(faultsOf(text)).toEqual([
      'line 2: websites[0].nmae: unknown key, did you mean name?',
      'line 2: websites[0].id: must be a whole number',
      'line 2: websites[0].code: must be text; put it in quotes',
      'line 2: websites[0]: name is missing',
      'line 2: websites[0].pool: no pool has the code "defualt", did you mean default?',
      'line 4: stores[0].id: must be a whole number',
      'line 7: stores[0].website: no website has the code "mian"',
      'line 8: stores[0].hosts[0]: must be text; put it in quotes',
      'line 8: stores[0].hosts[1]: must be text',
      'line 9: stores[0].newsletter-groups: unknown key, did you mean newsletter_groups?',
      'line 10: stores[0].default: must be true or false',
      'line 11: stors: unknown key, did you mean stores?',
    ]);
  });

  it.each([
    ['nothing', '', 'line 1: the file is empty'],
    ['only comments', '# hello\n', 'line 1: the file is empty'],
    ['a list', '- 1', 'line 1: must be a mapping with the keys'],
    ['a broken text', 'websites: [{id: 1', 'line 1: Flow'],
    ['a custom tag', `${minimal}\nchains: !secret []`, 'line 7: Unresolved tag: !secret'],
    [
      'a tag of YAML that is not plain',
      `${minimal}\nchains: !!set {}`,
      'line 7: Unresolved tag: tag:yaml.org,2002:set',
    ],
    ['two documents', `${minimal}---${minimal}`, 'line 6: Source contains multiple documents'],
    ['a key twice', `${minimal}\nwebsites: []`, 'line 7: Map keys must be unique'],
    ['an alias of nothing', `${minimal}\nchains: *nowhere`, 'line 2: Unresolved alias'],
    [
      'an id that is not exact',
      `${minimal}\nchains: [{id: 9007199254740993, api: a, hostname: b}]`,
      'line 7: chains[0].id',
    ],
    ['a merge key', minimal.replace('{id: 1, code', '{<<: {}, id: 1, code'), 'line 3: websites[0]."<<": unknown key'],
  ])('refuses %s with the line', (_what, text, fault) => {
    expect(faultsOf(text)[0]).toContain(fault);
  });

  it('refuses a file over 1 MiB, counted in bytes', () => {
    const filled = (bytes: number) => `${minimal}#${'ü'.repeat((bytes - minimal.length - 1) / 2)}`;
    expect(faultsOf(filled(1024 * 1024 + 2))).toEqual(['line 1: the file is larger than 1024 KiB']);
    expect(faultsOf(filled(1024 * 1024 - 1))).toEqual([]);
  });

  it.each(['[', '{a: ', '- ', '? '])('refuses %j nested a hundred thousand times', (opening) => {
    expect(faultsOf(opening.repeat(100_000))).toEqual(['line 1: the file nests more than 20 levels deep']);
  });

  it('follows aliases, and refuses those that would grow without end', () => {
    const { data } = parseTopologyFile(
      minimal.replace('Main Website', '&name "Main"').replace('Default Store View', '*name '),
    );
    expect(data.shops[0]?.name).toBe('Main');
    const levels = Array.from({ length: 9 }, (_, level) => {
      const parts = Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*a${level - 1}`));
      return `  - &a${level} [${parts.join(', ')}]`;
    });
    expect(faultsOf(`${minimal}\nchains:\n${levels.join('\n')}`).join('\n')).toContain('Excessive alias count');
  });

  it('finds the line of a field by the name that applying the topology gives it', () => {
    const { lineOf } = parseTopologyFile(`
newsletter_groups:
  - {id: 1, name: General}
websites:
  - {id: 1, code: default, name: Main Website}
stores:
  - id: 1
    code: default
    name: Default
    website: default
    newsletter_groups:
      - 1
      - 7
`);
    expect(lineOf('stores[0].newsletterGroups[1]')).toBe(13);
    expect(lineOf('newsletterGroups[0].name')).toBe(3);
    expect(lineOf('stores[0].default')).toBe(7);
    expect(lineOf('chains[4].api')).toBe(2);
  });

  it('gives data or a TopologyFileError for any text at all', () => {
    const snippets = [
      'websites',
      'stores',
      ': ',
      '\n',
      '  - ',
      '{',
      '}',
      '[',
      ']',
      'id',
      'code',
      '1',
      ', ',
      '&a ',
      '*a',
      '"',
      '!x ',
      '|',
      '?',
    ];
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.constantFrom(...snippets), { maxLength: 40 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        // faultsOf lets every other error through.
        const faults = faultsOf(input);
        for (const fault of faults) expect(fault).toMatch(/^line \d+: /);
        expect(faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'default',
    'null',
    'true',
    '1',
    '0x1',
    '~',
    '',
    ' a ',
    '- a',
    '#',
    'a: b',
    '*a',
    'a, b',
    '\r\n',
    '\u0085',
  ),
);

const topologies: fc.Arbitrary<TopologyData> = fc
  .record({
    pools: fc.uniqueArray(fc.record({ id, code: word }), { minLength: 1, maxLength: 3, comparator: sameIdOrCode }),
    websites: fc.uniqueArray(fc.record({ id, code: word }), { minLength: 1, maxLength: 3, comparator: sameIdOrCode }),
    chains: fc.array(fc.record({ id, api: word, hostname: word }), { maxLength: 2 }),
    newsletterGroups: fc.array(fc.record({ id, name: word }), { maxLength: 3 }),
  })
  .chain(({ pools, websites, chains, newsletterGroups }) =>
    fc.record({
      pools: fc.constant(pools),
      websites: fc.tuple(
        ...websites.map((website) =>
          fc.record({
            id: fc.constant(website.id),
            code: fc.constant(website.code),
            name: word,
            poolId: fc.constantFrom(...pools.map((pool) => pool.id)),
            chainId: fc.option(id),
            generalNewsletterGroupId: fc.option(id),
            couplesNewsletter: fc.boolean(),
          }),
        ),
      ),
      shops: fc.array(
        fc.record({
          id,
          code: word,
          name: word,
          websiteId: fc.constantFrom(...websites.map((website) => website.id)),
          locale: word,
          hosts: fc.array(word, { maxLength: 3 }),
          defaultNewsletterGroupIds: fc.array(id, { maxLength: 3 }),
          isDefault: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      chains: fc.constant(chains),
      newsletterGroups: fc.constant(newsletterGroups),
    }),
  );

function sameIdOrCode(one: { id: number; code: string }, other: { id: number; code: string }): boolean {
  return one.id === other.id || one.code === other.code;
}

describe('renderTopologyFile', () => {
  it('writes what parseTopologyFile reads back as the same data, whatever the texts are', () => {
    fc.assert(
      fc.property(topologies, (data) => {
        const text = renderTopologyFile(data);
        expect(parseTopologyFile(text).data).toEqual(data);
        expect(renderTopologyFile(parseTopologyFile(text).data)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('tells missing pools from an empty list', () => {
    const empty: TopologyData = { pools: [], websites: [], shops: [], chains: [], newsletterGroups: [] };
    expect(parseTopologyFile(renderTopologyFile(empty)).data).toEqual(empty);
  });

  it('writes one line per entry under a comment for each section', () => {
    const lines = renderTopologyFile(defaultTopology).split('\n');
    expect(lines[0]).toMatch(/^# Topology of this Foyer/);
    expect(lines).toContain('  - {id: 1, code: default}');
    expect(lines).toContain(
      '  - {id: 1, code: default, name: Main Website, pool: default, general_newsletter_group: 1, couple_newsletter: false}',
    );
    expect(lines[lines.indexOf('stores:') - 1]).toMatch(/^# hosts are what X-Shop-Url may say/);
  });
});

describe('docs/topology.example.yaml', () => {
  it('parses, applies to an empty store, and applies again without a change', async () => {
    const text = readFileSync(new URL('../../docs/topology.example.yaml', import.meta.url), 'utf8');
    const { data } = parseTopologyFile(text);
    expect(data.websites).toHaveLength(2);
    const folder = mkdtempSync(join(tmpdir(), 'foyer-topology-file-'));
    const store = openStore({ url: `sqlite:${join(folder, 'foyer.db')}`, poolSize: 1, statementTimeoutMs: 5_000 });
    try {
      await store.migrate();
      const refuse = async (): Promise<never> => {
        throw new Error('Neither a password nor a customer is needed here');
      };
      const deps = {
        store,
        directory: new Directory(store),
        passwords: { check: refuse, hash: refuse },
        debtorNumbers: { next: refuse },
        rules: {
          sessions: { mode: 'stable' as const, lifespanSeconds: 60, maxDevices: 10, previousTokenSeconds: 60 },
          lock: { maxFailures: 6, lockSeconds: 60 },
          needsCurrentPassword: true,
          kept: { deadLetterDays: 1, inboxDays: 1, tombstoneDays: 1, signInHistoryDays: 1 },
        },
        loyalty: { isOn: () => false, pullIntervalSeconds: 300 },
        now: () => '2026-01-01T00:00:00.000Z',
      };
      expect(await applyTopology(deps, { wanted: data, isDryRun: false })).not.toEqual([]);
      expect(await store.topology.read()).toEqual(data);
      expect(await applyTopology(deps, { wanted: data, isDryRun: false })).toEqual([]);
      expect(deps.directory.topology.defaultShop.code).toBe('tickets_de');
    } finally {
      await store.close();
      rmSync(folder, { recursive: true });
    }
  });
});
