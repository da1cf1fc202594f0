import type { LoyaltyProfile } from './loyalty-link.ts';
import { isConsent, recordedNames, type SharedField, sharedFields } from './shared-fields.ts';
import type { Reads } from './store.ts';

/**
 * When each field was last changed here: at the latest when the account was made. Of consents only what was said here
 * counts; what the platform said is known to it.
 */
export async function timesOfChanges(
  store: Reads,
  { customer, link }: LoyaltyProfile,
): Promise<ReadonlyMap<SharedField, string>> {
  const entries = await store.history.listLastByField(customer.id);
  const times = new Map<SharedField, string>();
  for (const field of sharedFields) {
    const names = recordedNames(field, link.chainId);
    const moments = entries
      .filter((entry) => names.includes(entry.field) && !(isConsent(field) && fromPlatform.has(entry.origin)))
      .map(({ changedAt }) => changedAt)
      .sort();
    const time = moments.at(-1) ?? (isConsent(field) ? undefined : customer.createdAt);
    if (time !== undefined) times.set(field, time);
  }
  return times;
}

const fromPlatform: ReadonlySet<string> = new Set(['spaaza', 'webhook', 'pull', 'push']);

/**
 * Of somebody who is new to the platform the consents about which somebody ever spoke, here or there: of the others, that there
 * is none is nobody's no. Undefined for those whom it knows.
 */
export async function consentsOfNewcomer(
  store: Reads,
  { customer, link }: LoyaltyProfile,
): Promise<ReadonlySet<SharedField> | undefined> {
  if (link.spaazaUserId !== null) return undefined;
  const said = new Set((await store.history.listLastByField(customer.id)).map(({ field }) => field));
  const wasSaid = (field: SharedField) => recordedNames(field, link.chainId).some((name) => said.has(name));
  return new Set(sharedFields.filter((field) => isConsent(field) && wasSaid(field)));
}
