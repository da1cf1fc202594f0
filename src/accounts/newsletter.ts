import type { RequestContext } from './access.ts';
import { logConsents } from './change-log.ts';
import type { FieldChange } from './customer.ts';
import type { Problem } from './errors.ts';
import { formatIdList } from './id-list.ts';
import { linkChanges, linkOf } from './loyalty-link.ts';
import type { CustomerWithGroups, WritableStore } from './store.ts';
import type { Shop, Topology } from './topology.ts';

/** What a caller says about newsletters. A list wins over the yes/no. */
export interface NewsletterWish {
  groupIds?: readonly number[];
  wantsNewsletter?: boolean;
}

/** What is wrong with a wish: each unknown group is a problem, and then nothing may change (decisions, go~mus 4). */
export function problemsOfWish({ groupIds = [] }: NewsletterWish, topology: Topology): Problem[] {
  return groupIds
    .filter((id) => !topology.hasNewsletterGroup(id))
    .map((id) => ({ field: 'newsletterGroups', rule: 'unknown', value: String(id) }));
}

/**
 * The groups a customer should be in after a wish without problems, or undefined when nothing was wished: false leaves
 * all, true without groups joins the store's default groups (decisions, go~mus 4).
 */
export function wishedGroups(
  wish: NewsletterWish,
  current: readonly number[],
  shop: Shop,
): readonly number[] | undefined {
  if (wish.groupIds !== undefined) return wish.groupIds;
  if (wish.wantsNewsletter === false) return [];
  if (wish.wantsNewsletter === true && current.length === 0) return shop.defaultNewsletterGroupIds;
  return undefined;
}

/** The groups of a customer after a change, ascending, and what the change is for the history. */
export interface ChangedGroups {
  groupIds: number[];
  changes: FieldChange[];
}

/**
 * Makes a customer a member of exactly `wanted` and writes the consent records; there are no changes when the set was
 * already right. A coupled website moves the chain's mailing flag along.
 */
export async function setGroups(
  store: WritableStore,
  context: RequestContext,
  topology: Topology,
  { customer, groupIds: current }: CustomerWithGroups,
  wanted: readonly number[],
  now: string,
): Promise<ChangedGroups> {
  const groupIds = [...new Set(wanted)].sort((a, b) => a - b);
  const joined = wanted.filter((id) => !current.includes(id));
  const left = current.filter((id) => !wanted.includes(id));
  if (joined.length === 0 && left.length === 0) return { groupIds, changes: [] };
  for (const id of joined) await store.memberships.add(customer.id, id, now);
  for (const id of left) await store.memberships.remove(customer.id, id);
  const statements = [
    ...joined.map((id) => ({ subject: `newsletter:${id}`, isGiven: true })),
    ...left.map((id) => ({ subject: `newsletter:${id}`, isGiven: false })),
  ];
  const changes: FieldChange[] = [
    { field: 'newsletterGroups', before: formatIdList(current), after: formatIdList(wanted) },
  ];
  const website = topology.websiteById(customer.websiteId);
  const general = website.generalNewsletterGroupId;
  if (website.couplesNewsletter && website.chainId !== null && general !== null) {
    if (joined.includes(general) || left.includes(general)) {
      const isMailingSubscribed = joined.includes(general);
      const link = await linkOf(store, customer.id, website.chainId);
      await store.links.save({ ...link, isMailingSubscribed });
      changes.push(...linkChanges(link, { isMailingSubscribed }));
      statements.push({ subject: `mailing:${website.chainId}`, isGiven: isMailingSubscribed });
    }
  }
  await logConsents(store, context, customer.id, statements, now);
  return { groupIds, changes };
}
