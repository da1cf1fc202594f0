import { Document, isMap, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Pool, TopologyData } from '../accounts/topology.ts';
import { type Place, type Shape, suggestion, type ValuesOf, YamlReader } from './yaml-reader.ts';

const shapes = {
  pools: { id: 'number', code: 'text' },
  chains: { id: 'number', api: 'text', hostname: 'text' },
  newsletter_groups: { id: 'number', name: 'text' },
  websites: {
    id: 'number',
    code: 'text',
    name: 'text',
    pool: 'text?',
    chain: 'number?',
    general_newsletter_group: 'number?',
    couple_newsletter: 'flag?',
  },
  stores: {
    id: 'number',
    code: 'text',
    name: 'text',
    website: 'text',
    locale: 'text?',
    hosts: 'texts?',
    newsletter_groups: 'numbers?',
    default: 'flag?',
  },
} as const satisfies Record<string, Shape>;
type Section = keyof typeof shapes;

/** The file has no usable shape; `faults` are sentences that begin with a line number and a path. */
export class TopologyFileError extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(`The topology file cannot be used:\n${faults.join('\n')}`);
    this.name = 'TopologyFileError';
    this.faults = faults;
  }
}

/**
 * Reads a topology file (YAML, at most 1 MiB). Pools and websites are referred to by code, all else by id. Without
 * `pools` there is one, `{id: 1, code: default}`; a website without `pool` is in the only one; the locale is `de` unless
 * said. What the values mean is checked when the topology is applied; `lineOf` finds the line of a field named there,
 * such as `stores[1].newsletterGroups[0]`. Throws `TopologyFileError` with all faults.
 */
export function parseTopologyFile(text: string): {
  data: TopologyData;
  lineOf(field: string): number | undefined;
} {
  const reader = new YamlReader(text);
  refuseFaults(reader);
  const sections = reader.entries(reader.root, Object.keys(shapes));
  for (const section of ['websites', 'stores']) {
    if (!sections.has(section)) reader.fault('', `${section} is missing`);
  }
  const pools = readSection(reader, sections, 'pools')?.map(({ values }): Pool => values);
  const websites = readWebsites(reader, sections, pools ?? [{ id: 1, code: 'default' }]);
  const data: TopologyData = {
    pools: pools ?? [{ id: 1, code: 'default' }],
    websites,
    shops: readStores(reader, sections, websites),
    chains: readSection(reader, sections, 'chains')?.map(({ values }) => values) ?? [],
    newsletterGroups: readSection(reader, sections, 'newsletter_groups')?.map(({ values }) => values) ?? [],
  };
  refuseFaults(reader);
  const lineOf = (field: string): number | undefined =>
    reader.lineOf(field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return { data, lineOf };
}

function refuseFaults(reader: YamlReader): void {
  if (reader.faults.length > 0) throw new TopologyFileError(reader.faults);
}

function readSection<Name extends Section>(
  reader: YamlReader,
  sections: ReadonlyMap<string, Place>,
  name: Name,
): { path: string; values: ValuesOf<(typeof shapes)[Name]> }[] | undefined {
  const section = sections.get(name);
  if (section === undefined) return undefined;
  return reader.items(section).map((item) => ({ path: item.path, values: reader.fields(item, shapes[name]) }));
}

function readWebsites(
  reader: YamlReader,
  sections: ReadonlyMap<string, Place>,
  pools: readonly Pool[],
): TopologyData['websites'] {
  const idOfPool = (path: string, code: string | undefined): number => {
    if (code !== undefined) return idByCode(reader, `${path}.pool`, 'pool', code, pools);
    if (pools.length !== 1) reader.fault(path, `pool is missing, and there are ${pools.length} pools`);
    return pools[0]?.id ?? 0;
  };
  return (readSection(reader, sections, 'websites') ?? []).map(({ path, values }) => ({
    id: values.id,
    code: values.code,
    name: values.name,
    poolId: idOfPool(path, values.pool),
    chainId: values.chain ?? null,
    generalNewsletterGroupId: values.general_newsletter_group ?? null,
    couplesNewsletter: values.couple_newsletter ?? false,
  }));
}

function readStores(
  reader: YamlReader,
  sections: ReadonlyMap<string, Place>,
  websites: TopologyData['websites'],
): TopologyData['shops'] {
  return (readSection(reader, sections, 'stores') ?? []).map(({ path, values }) => ({
    id: values.id,
    code: values.code,
    name: values.name,
    websiteId: idByCode(reader, `${path}.website`, 'website', values.website, websites),
    locale: values.locale ?? 'de',
    hosts: values.hosts ?? [],
    defaultNewsletterGroupIds: values.newsletter_groups ?? [],
    isDefault: values.default ?? false,
  }));
}

/** The 0 of an unknown code goes nowhere: the fault keeps the data from being used. */
function idByCode(
  reader: YamlReader,
  path: string,
  noun: string,
  code: string | undefined,
  entries: readonly { id: number; code: string | undefined }[],
): number {
  // A code that is missing has had its fault already.
  if (code === undefined) return 0;
  const found = entries.find((entry) => entry.code === code);
  if (found !== undefined) return found.id;
  const codes = entries.flatMap((entry) => entry.code ?? []);
  reader.fault(path, `no ${noun} has the code ${JSON.stringify(code)}${suggestion(code, codes)}`);
  return 0;
}

const header = ` Topology of this Foyer: who shares customers, which websites and stores exist, and where the loyalty platform is.
 Entries are known by their id, which clients see: change anything else, never an id. Applying never deletes.`;

const sectionComments: Record<Section, string> = {
  pools: ' A pool is a set of customers in which an e-mail is unique. Websites in one pool share their customers.',
  chains: ' Spaaza chains. The credential is not here: it comes from FOYER_SPAAZA_SECRET_<id>.',
  newsletter_groups: ' Newsletter groups that customers can join.',
  websites:
    ' general_newsletter_group is what is_subscribed means; couple_newsletter ties it to the mailing flag of the chain.',
  stores:
    ' hosts are what X-Shop-Url may say; newsletter_groups are joined when no group is named; one store is the default.',
};

/**
 * Writes a topology as a commented file that `parseTopologyFile` reads back as the same data. The same data gives the
 * same text. Throws a plain error when a website or store refers to a pool or website that is not in the data.
 */
export function renderTopologyFile(data: TopologyData): string {
  const document = new Document({
    pools: data.pools.map(({ id, code }) => ({ id, code })),
    chains: data.chains.map(({ id, api, hostname }) => ({ id, api, hostname })),
    newsletter_groups: data.newsletterGroups.map(({ id, name }) => ({ id, name })),
    websites: data.websites.map((website) => ({
      id: website.id,
      code: website.code,
      name: website.name,
      pool: codeById(data.pools, website.poolId),
      ...(website.chainId === null ? {} : { chain: website.chainId }),
      ...(website.generalNewsletterGroupId === null
        ? {}
        : { general_newsletter_group: website.generalNewsletterGroupId }),
      couple_newsletter: website.couplesNewsletter,
    })),
    stores: data.shops.map((store) => ({
      id: store.id,
      code: store.code,
      name: store.name,
      website: codeById(data.websites, store.websiteId),
      locale: store.locale,
      hosts: store.hosts,
      newsletter_groups: store.defaultNewsletterGroupIds,
      ...(store.isDefault ? { default: true } : {}),
    })),
  });
  document.commentBefore = header;
  for (const { key, value } of (document.contents as YAMLMap<Scalar<Section>, YAMLSeq>).items) {
    key.commentBefore = sectionComments[key.value];
    key.spaceBefore = key.value !== 'pools';
    for (const entry of value?.items ?? []) if (isMap(entry)) entry.flow = true;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function codeById(entries: readonly { id: number; code: string }[], id: number): string {
  const found = entries.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`The topology has no entry ${id} to refer to`);
  return found.code;
}
