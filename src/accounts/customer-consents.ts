import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { getAnyCustomer } from './find-customer.ts';
import { requireScope } from './require-scope.ts';
import type { KeptConsent } from './store.ts';

/** Most statements that are given at once. */
export const longestConsentPage = 250;

export interface CustomerConsents {
  customerId: number;
  /** Of each consent the newest statement: whether it is given, since when, by whom and from where. */
  standing: readonly KeptConsent[];
  /** All that was ever stated, newest first. */
  statements: readonly KeptConsent[];
  /** Give it as `beforeId` for the statements that follow; null when these are the last. */
  nextBeforeId: number | null;
}

/**
 * What a customer agreed to and took back: the proof of consent that its controller has to give (GDPR, article 7.1). Nothing
 * ever changes a statement; an erasure takes them all away. At most `limit` statements (1 to 250) before `beforeId`. The
 * reference is read as by `getCustomerDetails`, and so are the refusals.
 */
export async function getCustomerConsents(
  deps: AccountDeps,
  { reference, limit, beforeId }: { reference: string; limit: number; beforeId?: number },
  context: RequestContext,
): Promise<CustomerConsents> {
  requireScope(context, 'admin_read');
  const { id } = (await getAnyCustomer(deps, reference, context.actor)).customer;
  const { consents } = deps.store;
  const most = Math.min(Math.max(limit, 1), longestConsentPage);
  // One more than asked for tells whether there are more.
  const found = await consents.listByCustomer(id, { limit: most + 1, beforeId });
  const statements = found.slice(0, most);
  return {
    customerId: id,
    standing: await consents.listStanding(id),
    statements,
    nextBeforeId: found.length > most ? statements.at(-1)!.id : null,
  };
}
