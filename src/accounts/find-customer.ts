import { type Actor, mayTouchWebsite } from './access.ts';
import { parseCustomerId } from './customer-id.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import { AccountError, refuseIfAny } from './errors.ts';
import type { HistoryEntry } from './events.ts';
import type { CustomerWithGroups } from './store.ts';

/**
 * Finds a customer whom the actor may touch by our id, else by e-mail where that is allowed, else by foreign id. Throws
 * `validation_failed` with the ids when several pools know the e-mail.
 */
export async function findCustomer(
  deps: AccountDeps,
  reference: string,
  actor: Actor,
  { byEmail }: { byEmail: boolean },
): Promise<CustomerWithGroups | undefined> {
  const { customers } = deps.store;
  const id = parseCustomerId(reference);
  // Each by itself: somebody else's id must neither hide nor tell.
  const mine = (found: CustomerWithGroups | undefined): CustomerWithGroups | undefined =>
    found !== undefined && mayTouchWebsite(actor, found.customer.websiteId) ? found : undefined;
  return (
    mine(id === undefined ? undefined : await customers.findById(id)) ??
    (byEmail ? await findByEmail(deps, reference, actor) : undefined) ??
    mine(await customers.findByForeignId(reference))
  );
}

/**
 * The same for the verbs that show all there is: by e-mail too. Throws `customer_erased` when an account of this id was
 * erased, and `customer_not_found`.
 */
export async function getAnyCustomer(deps: AccountDeps, reference: string, actor: Actor): Promise<CustomerWithGroups> {
  const found = await findCustomer(deps, reference, actor, { byEmail: true });
  if (found !== undefined) return found;
  const erasure = await findErasure(deps, reference, actor);
  throw erasure === undefined ? noCustomer(reference) : erasedCustomer(erasure);
}

/**
 * What is left of an erased account, found by the id it had. Of which website it was is not kept, so that a key which is
 * bound to one learns nothing.
 */
export async function findErasure(
  deps: AccountDeps,
  reference: string,
  actor: Actor,
): Promise<HistoryEntry | undefined> {
  const id = parseCustomerId(reference);
  if (id === undefined || (actor.kind === 'partner' && actor.websiteId !== null)) return undefined;
  const [entry] = await deps.store.history.listField(id, 'account', { limit: 1 });
  return entry?.after === 'erased' ? entry : undefined;
}

/** The refusal for a reference that leads to nobody, or to nobody whom the actor may touch. */
export function noCustomer(reference: string): AccountError {
  return new AccountError('customer_not_found', { lookup: { by: 'id', value: reference } });
}

function erasedCustomer({ customerId, changedAt, actor, origin, requestId }: HistoryEntry): AccountError {
  return new AccountError('customer_erased', {
    erasure: { customerId, erasedAt: changedAt, actor, origin, requestId },
  });
}

async function findByEmail(
  { store, directory }: AccountDeps,
  email: string,
  actor: Actor,
): Promise<CustomerWithGroups | undefined> {
  if (!email.includes('@')) return undefined;
  const found: CustomerWithGroups[] = [];
  for (const pool of directory.topology.data.pools) {
    const candidate = await store.customers.findByEmail(pool.id, normalizeEmail(email));
    if (candidate !== undefined && mayTouchWebsite(actor, candidate.customer.websiteId)) found.push(candidate);
  }
  const ids = found.map(({ customer }) => customer.id).join(', ');
  if (found.length > 1) refuseIfAny([{ field: 'reference', rule: 'conflict', value: ids }]);
  return found[0];
}
