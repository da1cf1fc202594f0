import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { refuseIfAny } from './errors.ts';
import type { HistoryEntry } from './events.ts';
import { findCustomer, findErasure, noCustomer } from './find-customer.ts';
import { readHistoryField } from './history-fields.ts';
import { type Page, readPage } from './read-page.ts';
import { requireScope } from './require-scope.ts';
import type { HistoryPage } from './store.ts';

/** Its entries are those that were asked for, in the order in which the changes were made, newest first. */
export interface CustomerHistory extends Page<HistoryEntry> {
  customerId: number;
  /** Says when and by whom the account was erased, null while it lives; everything older went with the account. */
  erasure: HistoryEntry | null;
  /** Of each field (or of the one asked for) the newest entry: who wrote it last, when, from where, what it was before. */
  lastWrites: readonly HistoryEntry[];
}

/**
 * Who wrote what of one customer, and when. The reference is read as by `getCustomerDetails`, but the id of an erased
 * account leads to the entry that is left. Without `field` the entries are all changes; sign-ins, of which there can be
 * many, are listed as the field `signedIn`. At most `limit` entries (1 to 250) before `beforeId`. Throws `forbidden`
 * without `admin_read`, `customer_not_found`, and `validation_failed` for an unknown field.
 */
export async function getCustomerHistory(
  deps: AccountDeps,
  input: { reference: string; field?: string } & HistoryPage,
  context: RequestContext,
): Promise<CustomerHistory> {
  requireScope(context, 'admin_read');
  const { reference, field } = input;
  if (field !== undefined && readHistoryField(field) === undefined) {
    refuseIfAny([{ field: 'field', rule: 'unknown', value: field }]);
  }
  const found = await findCustomer(deps, reference, context.actor, { byEmail: true });
  const erasure = found === undefined ? await findErasure(deps, reference, context.actor) : undefined;
  const customerId = found?.customer.id ?? erasure?.customerId;
  if (customerId === undefined) throw noCustomer(reference);
  const { history } = deps.store;
  const list = (page: HistoryPage): Promise<HistoryEntry[]> =>
    field === undefined ? history.listChanges(customerId, page) : history.listField(customerId, field, page);
  return {
    customerId,
    erasure: erasure ?? null,
    ...(await readPage(input, list)),
    lastWrites: field === undefined ? await history.listLastByField(customerId) : await list({ limit: 1 }),
  };
}
