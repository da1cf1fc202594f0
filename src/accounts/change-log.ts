import { describeActor, type RequestContext } from './access.ts';
import type { Customer, FieldChange } from './customer.ts';
import type { AccountEvent } from './events.ts';
import type { ConsentRecord, WritableStore } from './store.ts';

/** A new password as the history tells it: that there is one, and whether there was one before. */
export function passwordSet({ hasPassword }: Pick<Customer, 'hasPassword'>): FieldChange {
  return { field: 'password', before: hasPassword ? 'set' : null, after: 'set' };
}

/**
 * Writes what a change leaves behind, in the change's own transaction: a history row per field and one outbox row.
 * Without changed fields it writes nothing. `now` is to be read while the customer is locked, or a change that waited
 * for another would be dated before it.
 */
export async function logChange(
  store: WritableStore,
  context: RequestContext,
  event: AccountEvent,
  changes: readonly FieldChange[],
  now: string,
): Promise<void> {
  if (changes.length === 0) return;
  const actor = describeActor(context.actor);
  const { origin, requestId } = context;
  await store.history.append(
    changes.map(({ field, before, after }) => ({
      customerId: event.customerId,
      field,
      before,
      after,
      origin,
      actor,
      requestId,
      changedAt: now,
    })),
  );
  await store.outbox.append({ event, origin, actor, requestId, occurredAt: now });
}

/** Appends what a person said about consent: subject, given or not, and who passed it on. */
export async function logConsents(
  store: WritableStore,
  context: RequestContext,
  customerId: number,
  statements: readonly Pick<ConsentRecord, 'subject' | 'isGiven'>[],
  now: string,
): Promise<void> {
  const actor = describeActor(context.actor);
  await store.consents.append(
    statements.map(({ subject, isGiven }) => ({
      subject,
      isGiven,
      customerId,
      origin: context.origin,
      actor,
      requestId: context.requestId,
      statedAt: now,
    })),
  );
}
