import type { RequestContext } from './access.ts';
import { logChange } from './change-log.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import { noCustomer } from './find-customer.ts';
import { chainOf } from './loyalty-link.ts';
import { tombstoneDigest } from './tombstones.ts';

/**
 * Erases a customer: the account, addresses, sessions, memberships, links, consent and the old history go, and so do
 * notices of the platform about the person. One history row says when and by whom, one event tells the loyalty platform's
 * side which links ended, and a tombstone in each chain keeps a late update from bringing the person back. Throws
 * `customer_not_found` when there is no such customer any more, and `not_signed_in` when those who do it themselves are gone or
 * their session has ended.
 */
export async function deleteAccount(
  deps: AccountDeps,
  input: { customerId: number; sessionId?: number },
  context: RequestContext,
): Promise<void> {
  const { customerId, sessionId } = input;
  const { topology } = deps.directory;
  await deps.store.transaction(async (store) => {
    const current = await store.customers.lock(customerId);
    if (current === undefined) throw sessionId === undefined ? noCustomer(String(customerId)) : notSignedIn();
    const isOpen = sessionId === undefined || (await store.sessions.isStillOpen(sessionId));
    if (!isOpen) throw notSignedIn();
    const { email, websiteId } = current.customer;
    const ties = await store.links.listTies([customerId]);
    await store.history.deleteByCustomer(customerId);
    await store.consents.deleteByCustomer(customerId);
    await store.customers.delete(customerId);
    const now = deps.now();
    const chainIds = new Set([chainOf(topology, topology.websiteById(websiteId)), ...ties.map((tie) => tie.chainId)]);
    await store.tombstones.insert(
      [...chainIds].map((chainId) => ({
        chainId,
        customerId,
        spaazaUserId: ties.find((tie) => tie.chainId === chainId)?.spaazaUserId ?? null,
        emailDigest: tombstoneDigest(email),
        erasedAt: now,
      })),
    );
    for (const { chainId, spaazaUserId } of ties) {
      if (spaazaUserId !== null) await store.inbox.deleteBySubject(chainId, String(spaazaUserId));
    }
    const links = ties.map(({ chainId, spaazaUserId, isAgreed }) => ({ chainId, spaazaUserId, isAgreed }));
    const erased = { field: 'account', before: 'active', after: 'erased' };
    await logChange(store, context, { type: 'customer.deleted', customerId, links }, [erased], now);
  });
}

const notSignedIn = (): AccountError => new AccountError('not_signed_in');
