import type { TopologyData, Website } from '../../../src/accounts/topology.ts';
import { demoTopology } from '../../../src/demo.ts';

const [website] = demoTopology.websites as [Website];
const [shop] = demoTopology.shops as [TopologyData['shops'][number]];
const [chain] = demoTopology.chains as [TopologyData['chains'][number]];

const outlet = { ...website, id: 2, code: 'outlet', name: 'Outlet' } satisfies Website;
const outletShop = {
  ...shop,
  id: 2,
  code: 'outlet_en',
  name: 'Outlet English',
  websiteId: 2,
  hosts: [],
  isDefault: false,
};

/** The demo's house with a second website on chain 456; both share their customers. */
export const twoChains: TopologyData = {
  ...demoTopology,
  chains: [chain, { ...chain, id: 456 }],
  websites: [website, { ...outlet, chainId: 456 }],
  shops: [shop, outletShop],
};

/** Two websites, each with customers of its own: chain 123 and chain 456. */
export const separatePools: TopologyData = {
  ...twoChains,
  pools: [
    { id: 1, code: 'default' },
    { id: 2, code: 'outlet' },
  ],
  websites: [website, { ...outlet, chainId: 456, poolId: 2 }],
};

/** Two websites on one chain, each with customers of its own. */
export const oneChainTwoPools: TopologyData = {
  ...separatePools,
  chains: [chain],
  websites: [website, { ...outlet, poolId: 2 }],
};

/** Two websites, each with customers of its own; only the first has a chain. */
export const chainOnFirstOfTwoPools: TopologyData = {
  ...oneChainTwoPools,
  websites: [website, { ...outlet, poolId: 2, chainId: null }],
};

/** Two websites on one chain that share their customers; the first has a second store. */
export const oneChainTwoWebsites: TopologyData = {
  ...demoTopology,
  websites: [website, outlet],
  shops: [shop, outletShop, { ...shop, id: 3, code: 'default_nl', name: 'Dutch', hosts: [], isDefault: false }],
};

/** The mailing flag of chain 123 and the general newsletter group follow each other. */
export const coupled: TopologyData = { ...demoTopology, websites: [{ ...website, couplesNewsletter: true }] };

/** The same on the first of two websites, each on a chain of its own. */
export const coupledOnFirstOfTwoChains: TopologyData = {
  ...twoChains,
  websites: [{ ...website, couplesNewsletter: true }, twoChains.websites[1]!],
};

/** Only the second website has a chain. */
export const chainOnSecondWebsite: TopologyData = {
  ...oneChainTwoWebsites,
  websites: [{ ...website, chainId: null }, outlet],
};

/** No chain anywhere: the loyalty link is kept all the same. */
export const noChains: TopologyData = { ...demoTopology, chains: [], websites: [{ ...website, chainId: null }] };
