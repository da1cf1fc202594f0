import { mayTouchWebsite, type RequestContext } from './access.ts';
import { type CustomerChanges, problemsOf } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { isReported, type Problem, refuseIfAny } from './errors.ts';
import { findCustomer, noCustomer } from './find-customer.ts';
import { type NewsletterWish, problemsOfWish, wishedGroups } from './newsletter.ts';
import { requireScope } from './require-scope.ts';
import { insertCustomer, problemsOfNewcomer } from './sign-up.ts';
import type { CustomerWithGroups } from './store.ts';
import { isTaken, isTakenElsewhere } from './taken-email.ts';
import type { Shop } from './topology.ts';
import { changeCustomer } from './update-customer.ts';

export interface CustomerRecordInput {
  changes: CustomerChanges;
  newsletter: NewsletterWish;
  /** What the adapter could not read: reported together with the domain's own findings. */
  problems: readonly Problem[];
}

/**
 * Lists customers for a partner or operator, all or those in whose name, e-mail or foreign id each of the first
 * ten words of `text` begins a word. `page` counts from 1. Throws `forbidden` without `customer_read`.
 */
export async function listCustomers(
  deps: AccountDeps,
  input: { text: string; page: number; perPage: number },
  context: RequestContext,
): Promise<{ customers: CustomerWithGroups[]; totalCount: number }> {
  requireScope(context, 'customer_read');
  const words = input.text
    .split(/\s+/u)
    .filter((word) => word !== '')
    .slice(0, 10);
  const websiteId = context.actor.kind === 'partner' ? context.actor.websiteId : null;
  return deps.store.replica.customers.search({ words, websiteId, page: input.page, perPage: input.perPage });
}

/**
 * One customer by our id, else by foreign id; an all-digit foreign id is shadowed by an id (gomus 1.6). An operator may
 * also name an e-mail, which goes before an equal foreign id. Throws `forbidden` without `customer_read`,
 * `customer_not_found`, and `validation_failed` with the ids when several pools know the e-mail.
 */
export async function getCustomer(
  deps: AccountDeps,
  input: { reference: string },
  context: RequestContext,
): Promise<CustomerWithGroups> {
  requireScope(context, 'customer_read');
  return getByReference(deps, input.reference, context);
}

/**
 * Creates a customer for a partner: no password, so the person cannot sign in before setting one. Throws `forbidden`
 * without `customer_write`, `validation_failed` with every problem.
 */
export async function createCustomer(
  deps: AccountDeps,
  input: CustomerRecordInput & { shop: Shop },
  context: RequestContext,
): Promise<CustomerWithGroups> {
  requireScope(context, 'customer_write');
  const { topology } = deps.directory;
  const shop = mayTouchWebsite(context.actor, input.shop.websiteId)
    ? input.shop
    : topology.shopOfWebsite((context.actor as { websiteId: number }).websiteId);
  const problems = problemsOfNewcomer(input.changes, input.problems);
  for (const field of ['givenName', 'familyName'] as const) {
    if (input.changes[field] === undefined && !isReported(input.problems, field))
      problems.push({ field, rule: 'blank' });
  }
  const { poolId } = topology.websiteById(shop.websiteId);
  if (await isTaken(deps.store, poolId, input.changes.email)) problems.push({ field: 'email', rule: 'taken' });
  problems.push(...input.problems, ...problemsOfWish(input.newsletter, topology));
  refuseIfAny(problems);
  const groupIds = wishedGroups(input.newsletter, [], shop) ?? [];
  const debtorNumber = await deps.debtorNumbers.next();
  const now = deps.now();
  const wanted = { shop, changes: input.changes, groupIds, passwordHash: null, debtorNumber };
  return deps.store.transaction((store) => insertCustomer(deps, store, context, wanted, now));
}

/** Changes a customer for a partner or operator; the reference is read as `getCustomer` does. */
export async function updateCustomer(
  deps: AccountDeps,
  input: CustomerRecordInput & { reference: string },
  context: RequestContext,
): Promise<CustomerWithGroups> {
  requireScope(context, 'customer_write');
  const { topology } = deps.directory;
  const found = await getByReference(deps, input.reference, context);
  const shop = topology.shopOfWebsite(found.customer.websiteId);
  const problems = [...input.problems, ...problemsOf(input.changes), ...problemsOfWish(input.newsletter, topology)];
  // Asked here as well as by the database, so that it is told together with all the rest.
  if (await isTakenElsewhere(deps.store, found.customer, input.changes.email))
    problems.push({ field: 'email', rule: 'taken' });
  refuseIfAny(problems);
  return deps.store.transaction(async (store) => {
    const current = await store.customers.lock(found.customer.id, found);
    if (current === undefined) throw noCustomer(input.reference);
    const groupIds = wishedGroups(input.newsletter, current.groupIds, shop);
    return changeCustomer(deps, store, context, current, { changes: input.changes, groupIds }, deps.now());
  });
}

/** Only an operator may find by e-mail: a partner could ask who is a customer. */
async function getByReference(
  deps: AccountDeps,
  reference: string,
  context: RequestContext,
): Promise<CustomerWithGroups> {
  const found = await findCustomer(deps, reference, context.actor, { byEmail: context.actor.kind === 'operator' });
  if (found === undefined) throw noCustomer(reference);
  return found;
}
