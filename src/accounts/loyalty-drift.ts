import type { LoyaltyProfile, OutboundView } from './loyalty-link.ts';
import { outboundView } from './loyalty-link.ts';
import type { PlatformUser } from './loyalty-platform.ts';
import {
  type FieldValues,
  isSameValue,
  type SharedField,
  sharedFields,
  valuesIn,
  valuesSaid,
  viewMembersOf,
} from './shared-fields.ts';

/** One field as both sides have it, and as they last agreed on it. Values are text or true and false; null is none. */
export interface FieldComparison {
  field: SharedField | 'memberNumber';
  here: unknown;
  /** undefined while nothing was agreed, and of the member number, which only the platform gives. */
  agreed: unknown;
  /** undefined when the platform was not asked, or does not say. */
  there: unknown;
  /** Who has changed it since; `unknown`: they differ, and nothing was agreed. */
  changed: 'nobody' | 'here' | 'there' | 'both' | 'unknown';
}

/** Whoever has no value for these is not who we think of: the platform saying nothing means that it has none. */
const neverMissing: readonly SharedField[] = ['email', 'givenName', 'familyName'];

/**
 * Compares both sides field by field, as far as the platform says something. Without a person over there it compares what
 * would be sent with what was agreed.
 */
export function compareSides(
  profile: LoyaltyProfile,
  agreed: OutboundView | undefined,
  user: PlatformUser | undefined,
): FieldComparison[] {
  const view = outboundView(profile);
  const compared = sharedFields.map((field): FieldComparison => {
    const here = valuesIn(view, field);
    const before = agreed && valuesIn(agreed, field);
    const there = user && saidBy(user, field, agreed ?? view);
    return {
      field,
      here: shown(here),
      agreed: before && shown(before),
      there: there && shown(there),
      changed: whoChanged(field, here, before, there),
    };
  });
  return [...compared, memberNumbers(profile, user)];
}

/** The fields in which both sides have something else. */
export function driftIn(compared: readonly FieldComparison[]): FieldComparison[] {
  return compared.filter(({ changed, there }) => changed !== 'nobody' && there !== undefined);
}

/**
 * What the platform really has: what would be sent now, but with its values in the fields in which they differ. What it does
 * not speak of it has as it was agreed.
 */
export function observedView(
  profile: LoyaltyProfile,
  agreed: OutboundView | undefined,
  user: PlatformUser,
): OutboundView {
  const view = outboundView(profile);
  const observed: Record<string, unknown> = { ...view };
  for (const field of sharedFields) {
    const there = saidBy(user, field, view) ?? (agreed && valuesIn(agreed, field));
    if (there === undefined || isSameValue(field, valuesIn(view, field), there)) continue;
    viewMembersOf(field).forEach((member, index) => {
      observed[member] = there[index] === '' && !neverMissing.includes(field) ? undefined : there[index];
    });
  }
  return observed as unknown as OutboundView;
}

function saidBy(user: PlatformUser, field: SharedField, known: OutboundView): FieldValues | undefined {
  return valuesSaid(user.update, field, known) ?? (neverMissing.includes(field) ? [''] : undefined);
}

function whoChanged(
  field: SharedField,
  here: FieldValues,
  agreed: FieldValues | undefined,
  there: FieldValues | undefined,
): FieldComparison['changed'] {
  if (there !== undefined && isSameValue(field, here, there)) return 'nobody';
  if (agreed === undefined) return there === undefined ? 'nobody' : 'unknown';
  const isHere = !isSameValue(field, here, agreed);
  const isThere = there !== undefined && !isSameValue(field, there, agreed);
  return isHere ? (isThere ? 'both' : 'here') : isThere ? 'there' : 'nobody';
}

/** The platform alone gives member numbers, to those who are linked; a missing one takes none away. */
function memberNumbers({ link }: LoyaltyProfile, user: PlatformUser | undefined): FieldComparison {
  const there = user?.memberNumber ?? undefined;
  const isSame = there === undefined || there === link.memberNumber || link.spaazaUserId === null;
  return {
    field: 'memberNumber',
    here: link.memberNumber,
    agreed: undefined,
    there,
    changed: isSame ? 'nobody' : 'there',
  };
}

function shown(values: FieldValues): unknown {
  if (values.length === 1) return values[0] === '' ? null : values[0];
  return values.filter((value) => value !== '').join(' ') || null;
}
