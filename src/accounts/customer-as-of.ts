import { setTimeout as pause } from 'node:timers/promises';
import type { RequestContext } from './access.ts';
import { type CustomerDetails, withDetails } from './customer-details.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError, refuseIfAny } from './errors.ts';
import type { HistoryEntry } from './events.ts';
import { getAnyCustomer } from './find-customer.ts';
import { movesUpdatedAt } from './history-fields.ts';
import { takeBack } from './rebuild-record.ts';
import { requireScope } from './require-scope.ts';
import type { Reads } from './store.ts';

export interface CustomerAsOf {
  /** The moment asked for, ISO 8601 UTC. */
  asOf: string;
  details: CustomerDetails;
  /** Fields whose value at that moment the history does not tell for certain, by name in the history; mostly none. */
  uncertainFields: readonly string[];
  /**
   * Where the history of this customer begins, when that is after the moment: earlier changes, if there were any, are not
   * known. null when it tells of the whole time since.
   */
  recordedSince: string | null;
  /** How many field changes were taken back. */
  changesSince: number;
}

/**
 * The record of one customer as it was at a moment, changes made in that very millisecond included: the present one with
 * the changes since taken back. Of changes that share a millisecond `updatedAt` is that millisecond. The reference is
 * read as by `getCustomerDetails`. Throws `forbidden` without `admin_read`, `customer_not_found`, `customer_erased`,
 * `not_created_yet` for a moment before the account was there, `validation_failed` for a moment that is still to come,
 * and `overloaded` when the customer keeps changing meanwhile.
 */
export async function getCustomerAsOf(
  deps: AccountDeps,
  input: { reference: string; asOf: string },
  context: RequestContext,
): Promise<CustomerAsOf> {
  requireScope(context, 'admin_read');
  const { asOf } = input;
  if (asOf > deps.now()) refuseIfAny([{ field: 'time', rule: 'in_future', value: asOf }]);
  // Record and history are read one after the other; a change in between is seen by its entry, and both are read again.
  // Under a burst of changes the pauses grow, to a second and a half in all.
  for (let attempt = 1; attempt <= 12; attempt += 1) {
    if (attempt > 2) await pause(attempt * 10 * (1 + Math.random()));
    const found = await getAnyCustomer(deps, input.reference, context.actor);
    const { id, createdAt } = found.customer;
    if (createdAt > asOf) throw new AccountError('not_created_yet', { createdAt });
    const newestId = await newestChangeId(deps.store, id);
    const present = await withDetails(deps.store, (await deps.store.customers.findById(id)) ?? found);
    const since = await changesSince(deps.store, id, asOf);
    if ((await newestChangeId(deps.store, id)) === newestId) return rebuild(present, asOf, since);
  }
  throw new AccountError('overloaded', { retryAfterSeconds: 1 });
}

interface ChangesSince {
  /** Newest first. */
  entries: HistoryEntry[];
  /** True when there is an older entry, so that nothing is missing in between. */
  isContinuous: boolean;
  /** When `updatedAt` was moved last before these changes; undefined when the history does not tell. */
  updatedAt: string | undefined;
}

/**
 * All changes after a moment. They are those after the last one that was made by then: where clocks of several nodes
 * differ, an entry may be dated after the one that follows it, and a record is never rebuilt with a gap.
 */
async function changesSince(store: Reads, customerId: number, asOf: string): Promise<ChangesSince> {
  const since: ChangesSince = { entries: [], isContinuous: false, updatedAt: undefined };
  let beforeId: number | undefined;
  for (;;) {
    const page = await store.history.listChanges(customerId, { limit: pageSize, beforeId });
    for (const entry of page) {
      since.isContinuous ||= entry.changedAt <= asOf;
      if (!since.isContinuous) since.entries.push(entry);
      else if (movesUpdatedAt(entry)) return { ...since, updatedAt: entry.changedAt };
    }
    if (page.length < pageSize) return since;
    beforeId = page.at(-1)!.id;
  }
}

const pageSize = 250;

async function newestChangeId(store: Reads, customerId: number): Promise<number | undefined> {
  return (await store.history.listChanges(customerId, { limit: 1 }))[0]?.id;
}

function rebuild(
  present: CustomerDetails,
  asOf: string,
  { entries, isContinuous, updatedAt }: ChangesSince,
): CustomerAsOf {
  const { details, uncertainFields } = takeBack(present, entries);
  const { customer } = details;
  const isMoved = entries.some(movesUpdatedAt);
  if (isMoved) customer.updatedAt = updatedAt ?? customer.createdAt;
  const isUnrecorded = !isContinuous && (entries.length > 0 || customer.updatedAt > asOf);
  return {
    asOf,
    details,
    uncertainFields: isMoved && updatedAt === undefined ? [...uncertainFields, 'updatedAt'] : uncertainFields,
    recordedSince: isUnrecorded ? (entries.at(-1)?.changedAt ?? customer.updatedAt) : null,
    changesSince: entries.length,
  };
}
