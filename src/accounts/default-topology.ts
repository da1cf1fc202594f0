import type { TopologyData } from './topology.ts';

/** What an empty database starts with: one website without a chain, and one store that answers on this machine. */
export const defaultTopology: TopologyData = {
  pools: [{ id: 1, code: 'default' }],
  websites: [
    {
      id: 1,
      code: 'default',
      name: 'Main Website',
      poolId: 1,
      chainId: null,
      generalNewsletterGroupId: 1,
      couplesNewsletter: false,
    },
  ],
  shops: [
    {
      id: 1,
      code: 'default',
      name: 'Default Store View',
      websiteId: 1,
      locale: 'de',
      hosts: ['localhost'],
      defaultNewsletterGroupIds: [1],
      isDefault: true,
    },
  ],
  chains: [],
  newsletterGroups: [{ id: 1, name: 'Newsletter' }],
};
