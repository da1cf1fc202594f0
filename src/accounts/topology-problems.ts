import type { Problem } from './errors.ts';
import { freeTextProblem } from './free-text.ts';
import type { TopologyData } from './topology.ts';

const maxCodeCharacters = 64;
const maxNameCharacters = 255;
const maxHostCharacters = 253;
const codePattern = /^[a-z][a-z0-9_]*$/i;
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** `/rest/all/V1` and Magento's own back office have these names. */
const reservedStoreCodes = ['all', 'admin'];
const locales = ['de', 'en', 'nl'];

/** A value that only one entry may have, and the field that says it. */
interface Claim {
  field: string;
  value: string | number;
}

/**
 * Everything wrong with the topology that results when `wanted` is laid over `stored` (entries match by id, nothing is
 * removed). Fields read `websites[0].pool`, `stores[1].hosts[0]`: the list, the place in `wanted`, and the name without
 * `Id`. A clash with an entry that is stored only is reported at the wanted one.
 */
export function topologyProblems(stored: TopologyData, wanted: TopologyData): Problem[] {
  const kept: TopologyData = {
    pools: absent(stored.pools, wanted.pools),
    websites: absent(stored.websites, wanted.websites),
    shops: absent(stored.shops, wanted.shops),
    chains: absent(stored.chains, wanted.chains),
    newsletterGroups: absent(stored.newsletterGroups, wanted.newsletterGroups),
  };
  return [
    ...idProblems('pools', wanted.pools),
    ...codeProblems('pools', kept.pools, wanted.pools),
    ...idProblems('newsletterGroups', wanted.newsletterGroups),
    ...nameProblems('newsletterGroups', wanted.newsletterGroups),
    ...idProblems('chains', wanted.chains),
    ...wanted.chains.flatMap(chainProblems),
    ...idProblems('websites', wanted.websites),
    ...codeProblems('websites', kept.websites, wanted.websites),
    ...nameProblems('websites', wanted.websites),
    ...websiteProblems(stored, kept, wanted),
    ...idProblems('stores', wanted.shops),
    ...codeProblems('stores', kept.shops, wanted.shops),
    ...nameProblems('stores', wanted.shops),
    ...storeProblems(kept, wanted),
    ...defaultStoreProblems(kept, wanted),
    ...emptyWebsiteProblems(stored, kept, wanted),
  ];
}

function absent<Entry extends { id: number }>(stored: readonly Entry[], wanted: readonly Entry[]): Entry[] {
  const ids = new Set(wanted.map(({ id }) => id));
  return stored.filter(({ id }) => !ids.has(id));
}

function idsOf(...lists: readonly (readonly { id: number }[])[]): Set<number> {
  return new Set(lists.flatMap((list) => list.map(({ id }) => id)));
}

/** Every claim whose value somebody else made before: an entry that is kept, or an earlier claim. */
function takenProblems(kept: readonly (string | number)[], claims: readonly Claim[]): Problem[] {
  const taken = new Set(kept);
  return claims.flatMap(({ field, value }) => {
    if (taken.has(value)) return [{ field, rule: 'taken' as const, value: String(value) }];
    taken.add(value);
    return [];
  });
}

function idProblems(list: string, entries: readonly { id: number }[]): Problem[] {
  const claims = entries.map(({ id }, index) => ({ field: `${list}[${index}].id`, value: id }));
  const invalid = claims.filter(({ value }) => !Number.isSafeInteger(value) || value < 1);
  return [
    ...invalid.map(({ field, value }) => ({ field, rule: 'invalid' as const, value: String(value) })),
    ...takenProblems([], claims),
  ];
}

/** Codes stand in addresses, and `Shop` beside `shop` would be a trap: case does not make them different. */
function codeProblems(
  list: string,
  kept: readonly { code: string }[],
  entries: readonly { code: string }[],
): Problem[] {
  const problems: Problem[] = [];
  const claims: Claim[] = [];
  for (const [index, { code }] of entries.entries()) {
    const field = `${list}[${index}].code`;
    const isReserved = list === 'stores' && reservedStoreCodes.includes(code.toLowerCase());
    if (code === '') problems.push({ field, rule: 'blank' });
    else if (code.length > maxCodeCharacters) problems.push({ field, rule: 'too_long', limit: maxCodeCharacters });
    else if (!codePattern.test(code) || isReserved) problems.push({ field, rule: 'invalid', value: code });
    else claims.push({ field, value: code.toLowerCase() });
  }
  const keptCodes = kept.map(({ code }) => code.toLowerCase());
  return [...problems, ...takenProblems(keptCodes, claims)];
}

function nameProblems(list: string, entries: readonly { name: string }[]): Problem[] {
  return entries.flatMap(({ name }, index): Problem | [] => {
    const field = `${list}[${index}].name`;
    if (name.trim() === '') return { field, rule: 'blank' };
    return freeTextProblem(field, name, maxNameCharacters) ?? [];
  });
}

function chainProblems(chain: TopologyData['chains'][number], index: number): Problem[] {
  const problems: Problem[] = [];
  const url = URL.canParse(chain.api) ? new URL(chain.api) : undefined;
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  // A key in the address would reach logs, and what follows ? or # would end up in front of the path of each call.
  if (!isWeb || /[\s@?#]/.test(chain.api)) problems.push({ field: `chains[${index}].api`, rule: 'invalid' });
  // It is sent as a header value.
  if (!/^[\x21-\x7e]{1,255}$/.test(chain.hostname)) {
    problems.push({ field: `chains[${index}].hostname`, rule: chain.hostname === '' ? 'blank' : 'invalid' });
  }
  return problems;
}

function websiteProblems(stored: TopologyData, kept: TopologyData, wanted: TopologyData): Problem[] {
  const poolIds = idsOf(kept.pools, wanted.pools);
  const chainIds = idsOf(kept.chains, wanted.chains);
  const groupIds = idsOf(kept.newsletterGroups, wanted.newsletterGroups);
  return wanted.websites.flatMap(({ id, poolId, chainId, generalNewsletterGroupId }, index) => {
    const problems: Problem[] = [];
    const field = `websites[${index}]`;
    const before = stored.websites.find((website) => website.id === id);
    if (!poolIds.has(poolId)) {
      problems.push({ field: `${field}.pool`, rule: 'unknown', value: String(poolId) });
    } else if (before !== undefined && before.poolId !== poolId) {
      // Its customers would have to move along, and their e-mails may be taken over there.
      problems.push({ field: `${field}.pool`, rule: 'conflict', value: String(poolId) });
    }
    if (chainId !== null && !chainIds.has(chainId)) {
      problems.push({ field: `${field}.chain`, rule: 'unknown', value: String(chainId) });
    }
    if (generalNewsletterGroupId !== null && !groupIds.has(generalNewsletterGroupId)) {
      const value = String(generalNewsletterGroupId);
      problems.push({ field: `${field}.generalNewsletterGroup`, rule: 'unknown', value });
    }
    return problems;
  });
}

function storeProblems(kept: TopologyData, wanted: TopologyData): Problem[] {
  const websiteIds = idsOf(kept.websites, wanted.websites);
  const groupIds = idsOf(kept.newsletterGroups, wanted.newsletterGroups);
  const problems: Problem[] = [];
  const hosts: Claim[] = [];
  for (const [index, store] of wanted.shops.entries()) {
    const field = `stores[${index}]`;
    if (!websiteIds.has(store.websiteId)) {
      problems.push({ field: `${field}.website`, rule: 'unknown', value: String(store.websiteId) });
    }
    if (!locales.includes(store.locale)) {
      problems.push({ field: `${field}.locale`, rule: 'invalid', value: store.locale });
    }
    for (const [position, host] of store.hosts.entries()) {
      const claim = { field: `${field}.hosts[${position}]`, value: host };
      if (host.length <= maxHostCharacters && hostPattern.test(host)) hosts.push(claim);
      else problems.push({ ...claim, rule: 'invalid' });
    }
    const groups = store.defaultNewsletterGroupIds.map((value, position) => ({
      field: `${field}.newsletterGroups[${position}]`,
      value,
    }));
    for (const { field: place, value } of groups) {
      if (!groupIds.has(value)) problems.push({ field: place, rule: 'unknown', value: String(value) });
    }
    problems.push(...takenProblems([], groups));
  }
  const keptHosts = kept.shops.flatMap((store) => store.hosts);
  return [...problems, ...takenProblems(keptHosts, hosts)];
}

function defaultStoreProblems(kept: TopologyData, wanted: TopologyData): Problem[] {
  const problems: Problem[] = [];
  if (kept.shops.length + wanted.shops.length === 0) problems.push({ field: 'stores', rule: 'blank' });
  let holder = kept.shops.find((store) => store.isDefault);
  for (const [index, store] of wanted.shops.entries()) {
    if (!store.isDefault) continue;
    if (holder === undefined) holder = store;
    else problems.push({ field: `stores[${index}].default`, rule: 'taken', value: holder.code });
  }
  return problems;
}

/** A website answers through a store, so each needs one; a store may leave a website only when another stays. */
function emptyWebsiteProblems(stored: TopologyData, kept: TopologyData, wanted: TopologyData): Problem[] {
  const inhabited = new Set([...kept.shops, ...wanted.shops].map((store) => store.websiteId));
  const problems: Problem[] = [];
  for (const [index, website] of wanted.websites.entries()) {
    if (!inhabited.has(website.id)) problems.push({ field: `websites[${index}].stores`, rule: 'blank' });
  }
  const deserted = idsOf(kept.websites.filter(({ id }) => !inhabited.has(id)));
  for (const [index, { id }] of wanted.shops.entries()) {
    const before = stored.shops.find((store) => store.id === id);
    if (before !== undefined && deserted.has(before.websiteId)) {
      problems.push({ field: `stores[${index}].website`, rule: 'conflict', value: String(before.websiteId) });
    }
  }
  return problems;
}
