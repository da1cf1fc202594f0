import { mayDo, mayTouchWebsite, type RequestContext, type Scope } from './access.ts';
import { type CustomerChanges, problemsOf } from './customer.ts';
import { parseCustomerId } from './customer-id.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import { AccountError, type Problem, refuseIfAny } from './errors.ts';
import { type NewsletterWish, setGroups, wishedGroups } from './newsletter.ts';
import { insertCustomer } from './sign-up.ts';
import type { CustomerWithGroups, Reads } from './store.ts';
import type { Shop } from './topology.ts';
import { changeCustomer } from './update-customer.ts';

export interface CustomerRecordInput {
  changes: CustomerChanges;
  newsletter: NewsletterWish;
}

/**
 * Lists customers for a partner or operator, all or those in whose name, e-mail or foreign id every word of `text`
 * occurs. `page` counts from 1. Throws `forbidden` without `customer_read`.
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
 * One customer by our id, else by foreign id; an all-digit foreign id is shadowed by an id (gomus 1.6). Throws
 * `forbidden` without `customer_read`, `customer_not_found`.
 */
export async function getCustomer(
  deps: AccountDeps,
  input: { reference: string },
  context: RequestContext,
): Promise<CustomerWithGroups> {
  requireScope(context, 'customer_read');
  return findByReference(deps.store, input.reference, context);
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
  const problems: Problem[] = problemsOf({ ...input.changes, email: input.changes.email ?? '' });
  for (const field of ['givenName', 'familyName'] as const) {
    if (input.changes[field] === undefined) problems.push({ field, rule: 'blank' });
  }
  const owner = await deps.store.customers.findByEmail(
    topology.websiteById(shop.websiteId).poolId,
    normalizeEmail(input.changes.email ?? ''),
  );
  if (owner !== undefined) problems.push({ field: 'email', rule: 'taken' });
  const groupIds = wishedGroups(input.newsletter, [], shop, topology) ?? [];
  refuseIfAny(problems);
  const now = deps.now();
  return deps.store.transaction(async (store) => {
    const id = await insertCustomer(deps, store, context, shop, input.changes, null, now);
    await setGroups(store, context, topology, (await store.customers.findById(id))!, groupIds, now);
    return (await store.customers.findById(id))!;
  });
}

/** Changes a customer for a partner or operator; the reference is read as `getCustomer` does. */
export async function updateCustomer(
  deps: AccountDeps,
  input: CustomerRecordInput & { reference: string },
  context: RequestContext,
): Promise<CustomerWithGroups> {
  requireScope(context, 'customer_write');
  const { topology } = deps.directory;
  const found = await findByReference(deps.store, input.reference, context);
  const shop = topology.shopOfWebsite(found.customer.websiteId);
  const groupIds = wishedGroups(input.newsletter, found.groupIds, shop, topology);
  refuseIfAny(problemsOf(input.changes));
  const now = deps.now();
  return deps.store.transaction(async (store) => {
    const current = await store.customers.lock(found.customer.id);
    if (current === undefined) throw notFound(input.reference);
    return changeCustomer(deps, store, context, current, input.changes, groupIds, now);
  });
}

async function findByReference(store: Reads, reference: string, context: RequestContext): Promise<CustomerWithGroups> {
  const id = parseCustomerId(reference);
  const found =
    (id === undefined ? undefined : await store.customers.findById(id)) ??
    (await store.customers.findByForeignId(reference));
  if (found === undefined || !mayTouchWebsite(context.actor, found.customer.websiteId)) throw notFound(reference);
  return found;
}

function notFound(reference: string): AccountError {
  return new AccountError('customer_not_found', { lookup: { by: 'id', value: reference } });
}

function requireScope(context: RequestContext, scope: Scope): void {
  if (!mayDo(context.actor, scope)) throw new AccountError('forbidden');
}
