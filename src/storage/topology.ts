import type { Chain, NewsletterGroup, Pool, Shop, TopologyData, Website } from '../accounts/topology.ts';
import type { Handle } from './handle.ts';

/** The whole house, each kind by id. Small, and kept in memory by the directory. */
export async function read({ db, run }: Handle): Promise<TopologyData> {
  const pools = await run(db.selectFrom('pools').selectAll().orderBy('id').compile());
  const websites = await run(db.selectFrom('websites').selectAll().orderBy('id').compile());
  const stores = await run(db.selectFrom('stores').selectAll().orderBy('id').compile());
  const chains = await run(db.selectFrom('chains').selectAll().orderBy('id').compile());
  const newsletterGroups = await run(db.selectFrom('newsletter_groups').selectAll().orderBy('id').compile());
  return {
    pools,
    websites: websites.map((row) => ({
      id: row.id,
      code: row.code,
      name: row.name,
      poolId: row.pool_id,
      chainId: row.chain_id,
      generalNewsletterGroupId: row.general_newsletter_group_id,
      couplesNewsletter: row.couples_newsletter === 1,
    })),
    shops: stores.map((row) => ({
      id: row.id,
      code: row.code,
      name: row.name,
      websiteId: row.website_id,
      locale: row.locale,
      hosts: JSON.parse(row.hosts) as string[],
      defaultNewsletterGroupIds: JSON.parse(row.default_newsletter_group_ids) as number[],
      isDefault: row.is_default === 1,
    })),
    chains,
    newsletterGroups,
  };
}

/** Writes a pool under its id, new or over the earlier one. */
export async function savePool({ db, run }: Handle, pool: Pool): Promise<void> {
  const { id, ...columns } = pool;
  await run(
    db
      .insertInto('pools')
      .values({ id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
      .compile(),
  );
}

/** Writes a website under its id, new or over the earlier one. */
export async function saveWebsite({ db, run }: Handle, website: Website): Promise<void> {
  const columns = {
    code: website.code,
    name: website.name,
    pool_id: website.poolId,
    chain_id: website.chainId,
    general_newsletter_group_id: website.generalNewsletterGroupId,
    couples_newsletter: Number(website.couplesNewsletter),
  };
  await run(
    db
      .insertInto('websites')
      .values({ id: website.id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
      .compile(),
  );
}

/** Writes a store under its id, new or over the earlier one; hosts and groups are kept as JSON lists. */
export async function saveShop({ db, run }: Handle, shop: Shop): Promise<void> {
  const columns = {
    code: shop.code,
    name: shop.name,
    website_id: shop.websiteId,
    locale: shop.locale,
    hosts: JSON.stringify(shop.hosts),
    default_newsletter_group_ids: JSON.stringify(shop.defaultNewsletterGroupIds),
    is_default: Number(shop.isDefault),
  };
  await run(
    db
      .insertInto('stores')
      .values({ id: shop.id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
      .compile(),
  );
}

/** Writes a chain under its id, new or over the earlier one. Its credential is none of it and never stored. */
export async function saveChain({ db, run }: Handle, chain: Chain): Promise<void> {
  const { id, ...columns } = chain;
  await run(
    db
      .insertInto('chains')
      .values({ id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
      .compile(),
  );
}

/** Writes a newsletter group under its id, new or over the earlier one; members stay. */
export async function saveNewsletterGroup({ db, run }: Handle, group: NewsletterGroup): Promise<void> {
  const { id, ...columns } = group;
  await run(
    db
      .insertInto('newsletter_groups')
      .values({ id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
      .compile(),
  );
}
