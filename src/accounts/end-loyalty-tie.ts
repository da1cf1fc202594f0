import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { linkChanges, linkOf } from './loyalty-link.ts';
import type { HeldCustomer, WritableStore } from './store.ts';
import { changeCustomer } from './update-customer.ts';

/**
 * Ends the tie of a customer whom the platform erased, inside a transaction that has locked the customer: ids and
 * agreement go, the account stays as it is (decisions, Spaaza 6). A tombstone keeps us from telling the platform of
 * the person again by ourselves; once it ties them to a new id of its own, that is over. Repeating it changes nothing.
 */
export async function endLoyaltyTie(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  current: HeldCustomer,
  { chainId, spaazaUserId }: { chainId: number; spaazaUserId: number | null },
  now: string,
): Promise<void> {
  const { id } = current.customer;
  const link = await linkOf(store, id, chainId);
  const ended = { spaazaUserId: null, memberNumber: null };
  const fields = linkChanges(link, ended);
  await store.tombstones.insert([
    // The e-mail is still in use here, and so no mark of anybody erased.
    { chainId, customerId: id, spaazaUserId: link.spaazaUserId ?? spaazaUserId, emailDigest: '', erasedAt: now },
  ]);
  if (fields.length === 0) return;
  await store.links.save({ ...link, ...ended });
  await store.links.forgetAgreement(id, chainId);
  await changeCustomer(deps, store, context, current, { others: fields }, now);
}
