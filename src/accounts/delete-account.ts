import type { RequestContext } from './access.ts';
import { logChange } from './change-log.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';

/**
 * Erases a customer: the account, addresses, sessions, memberships, links, consent and the old history go; one history
 * row says when and by whom, one event tells the loyalty platform's side which links ended. Throws `not_signed_in` when
 * there is no such customer any more.
 */
export async function deleteAccount(
  deps: AccountDeps,
  input: { customerId: number },
  context: RequestContext,
): Promise<void> {
  const { customerId } = input;
  await deps.store.transaction(async (store) => {
    if (!(await store.customers.hold(customerId))) throw new AccountError('not_signed_in');
    const links = (await store.links.listByCustomer(customerId)).map(({ chainId, spaazaUserId }) => ({
      chainId,
      spaazaUserId,
    }));
    await store.history.deleteByCustomer(customerId);
    await store.consents.deleteByCustomer(customerId);
    await store.customers.delete(customerId);
    const now = deps.now();
    const erased = { field: 'account', before: 'active', after: 'erased' };
    await logChange(store, context, { type: 'customer.deleted', customerId, links }, [erased], now);
  });
}
