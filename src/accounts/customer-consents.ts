import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { getAnyCustomer } from './find-customer.ts';
import { type Page, readPage } from './read-page.ts';
import { requireScope } from './require-scope.ts';
import type { HistoryPage, KeptConsent } from './store.ts';

/** Its entries are all that was ever stated. */
export interface CustomerConsents extends Page<KeptConsent> {
  customerId: number;
  /** Of each consent the newest statement: whether it is given, since when, by whom and from where. */
  standing: readonly KeptConsent[];
}

/**
 * What a customer agreed to and took back: the proof of consent that its controller has to give (GDPR, article 7.1). Nothing
 * ever changes a statement; an erasure takes them all away. At most `limit` statements (1 to 250) before `beforeId`. The
 * reference is read as by `getCustomerDetails`, and so are the refusals.
 */
export async function getCustomerConsents(
  deps: AccountDeps,
  input: { reference: string } & HistoryPage,
  context: RequestContext,
): Promise<CustomerConsents> {
  requireScope(context, 'admin_read');
  const { id } = (await getAnyCustomer(deps, input.reference, context.actor)).customer;
  const { consents } = deps.store;
  const page = await readPage(input, (wanted) => consents.listByCustomer(id, wanted));
  return { customerId: id, standing: await consents.listStanding(id), ...page };
}
