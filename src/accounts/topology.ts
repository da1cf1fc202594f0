import { AccountError } from './errors.ts';

/** The set of customers in which an e-mail is unique (Magento's account sharing scope). */
export interface Pool {
  id: number;
  code: string;
}

export interface Website {
  id: number;
  code: string;
  name: string;
  poolId: number;
  /** Spaaza chain whose customers live here; null when the website has none. */
  chainId: number | null;
  /** The newsletter group that Magento's `is_subscribed` speaks of. */
  generalNewsletterGroupId: number | null;
  /** When true, that group's membership and the chain's mailing flag follow each other. */
  couplesNewsletter: boolean;
}

export interface Shop {
  id: number;
  code: string;
  name: string;
  websiteId: number;
  locale: string;
  /** Host names without scheme, lower-case, as `X-Shop-Url` names them. */
  hosts: readonly string[];
  /** Groups joined by `wants_newsletter: true` without a list. */
  defaultNewsletterGroupIds: readonly number[];
  isDefault: boolean;
}

export interface Chain {
  id: number;
  /** Base address of the Spaaza API for this chain. */
  api: string;
  /** Value of the app hostname header. */
  hostname: string;
}

export interface NewsletterGroup {
  id: number;
  name: string;
}

export interface TopologyData {
  pools: readonly Pool[];
  websites: readonly Website[];
  shops: readonly Shop[];
  chains: readonly Chain[];
  newsletterGroups: readonly NewsletterGroup[];
}

/** What a Spaaza request may look at: the websites of its chain, and the one that new customers enter. */
export interface ChainScope {
  /** null when no chain is configured anywhere. */
  chainId: number | null;
  website: Website;
  websiteIds: ReadonlySet<number>;
  /** Where a newcomer may be put by a website's or store's code: any website of these pools, unless the request names the chain. */
  newcomerWebsiteIds: ReadonlySet<number>;
  poolIds: ReadonlySet<number>;
}

/**
 * Pools, websites, stores and chains, and how a shop host, a chain id or a code resolves to one. Immutable: a changed
 * topology is a new object. A store is called `Shop` here because `Store` is what keeps the data.
 */
export class Topology {
  readonly data: TopologyData;
  readonly defaultShop: Shop;
  readonly #websites: ReadonlyMap<number, Website>;
  readonly #shops: ReadonlyMap<number, Shop>;
  readonly #shopsByHost: ReadonlyMap<string, Shop>;
  readonly #groupIds: ReadonlySet<number>;
  readonly #scopes = new Map<number | null, ChainScope>();

  /** Throws a plain error when there is no store at all: nothing can be served then. */
  constructor(data: TopologyData) {
    this.data = data;
    this.#websites = new Map(data.websites.map((website) => [website.id, website]));
    this.#shops = new Map(data.shops.map((shop) => [shop.id, shop]));
    this.#shopsByHost = new Map(data.shops.flatMap((shop) => shop.hosts.map((host) => [host, shop] as const)));
    this.#groupIds = new Set(data.newsletterGroups.map((group) => group.id));
    const shop = data.shops.find((candidate) => candidate.isDefault) ?? data.shops[0];
    if (shop === undefined) throw new Error('The topology has no store');
    this.defaultShop = shop;
  }

  get defaultWebsite(): Website {
    return this.websiteById(this.defaultShop.websiteId);
  }

  /** True when all websites share one pool of customers (Magento's "global" account sharing). */
  get isShared(): boolean {
    return new Set(this.data.websites.map((website) => website.poolId)).size <= 1;
  }

  websiteById(id: number): Website {
    const website = this.#websites.get(id);
    if (website === undefined) throw new Error(`The topology has no website ${id}`);
    return website;
  }

  shopById(id: number): Shop | undefined {
    return this.#shops.get(id);
  }

  /** The store that a website stands for when only the website is known: the default one if it is its own, else its first. */
  shopOfWebsite(websiteId: number): Shop {
    const shop =
      this.data.shops.find((candidate) => candidate.websiteId === websiteId && candidate.isDefault) ??
      this.data.shops.find((candidate) => candidate.websiteId === websiteId);
    if (shop === undefined) throw new Error(`Website ${websiteId} has no store`);
    return shop;
  }

  websiteByCode(code: string): Website | undefined {
    return this.data.websites.find((website) => website.code === code);
  }

  shopByCode(code: string): Shop | undefined {
    return this.data.shops.find((shop) => shop.code === code);
  }

  /**
   * The store that `X-Shop-Url` names. Absent or empty: the default store. A scheme, port or path around the host is
   * tolerated. Throws `shop_unknown` for a host that no store has.
   */
  shopByHost(host: string | undefined): Shop {
    if (host === undefined || host === '') return this.defaultShop;
    const exact = this.#shopsByHost.get(host);
    if (exact !== undefined) return exact;
    const bare = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/:?#\s]{1,253})(?::\d{1,5})?(?:[/?#].*)?$/i.exec(host.trim());
    const shop = bare?.[1] === undefined ? undefined : this.#shopsByHost.get(bare[1].toLowerCase());
    if (shop === undefined) throw new AccountError('shop_unknown');
    return shop;
  }

  /** Tells whether a store answers to this host name; used to decide which web origins may call. */
  hasHost(host: string): boolean {
    return this.#shopsByHost.has(host.toLowerCase());
  }

  hasNewsletterGroup(id: number): boolean {
    return this.#groupIds.has(id);
  }

  /**
   * Resolves a request's chain id (decisions, Spaaza 3). An id that no website has: `chain_not_configured`. None given
   * though several are configured: `chain_required`. None configured and none given: all websites, the default one first.
   */
  scopeOfChain(chainId: number | undefined): ChainScope {
    const known = this.#scopes.get(chainId ?? null);
    if (known !== undefined) return known;
    const chainIds = new Set(this.data.websites.flatMap((website) => website.chainId ?? []));
    if (chainId === undefined && chainIds.size > 1) throw new AccountError('chain_required');
    const effective = chainId ?? [...chainIds][0] ?? null;
    const websites =
      effective === null ? this.data.websites : this.data.websites.filter((website) => website.chainId === effective);
    const website = websites.find((candidate) => candidate.id === this.defaultShop.websiteId) ?? websites[0];
    if (website === undefined) throw new AccountError('chain_not_configured');
    const poolIds = new Set(websites.map((candidate) => candidate.poolId));
    const newcomers =
      chainId === undefined ? this.data.websites.filter((candidate) => poolIds.has(candidate.poolId)) : websites;
    const scope: ChainScope = {
      chainId: effective,
      website,
      websiteIds: new Set(websites.map((candidate) => candidate.id)),
      newcomerWebsiteIds: new Set(newcomers.map((candidate) => candidate.id)),
      poolIds,
    };
    this.#scopes.set(chainId ?? null, scope);
    return scope;
  }
}
