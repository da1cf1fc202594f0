import type { FieldChange } from './customer.ts';
import type { OutboundView } from './loyalty-link.ts';
import { isSentWord, type SentWords } from './sent-words.ts';
import {
  type FieldValues,
  isSameValue,
  mergeRuleOf,
  type SharedField,
  type Statement,
  sharedFields,
  valuesIn,
  valuesSaid,
  viewMembersOf,
  without,
  withWholeStreet,
} from './shared-fields.ts';

/** What there is to compare. */
export interface Sides {
  /** What both sides last agreed on; undefined before that. */
  agreed: OutboundView | undefined;
  /** What the platform would be sent now. */
  ours: OutboundView;
  /** What the platform says. */
  said: Statement;
  /** What it was sent and did not acknowledge yet: hearing that again is no change over there. */
  sent?: SentWords | null;
}

export interface MergeTimes {
  /** When the platform changed what it says, at the latest; ISO 8601. */
  saidAt: string;
  /** When fields were changed here, and when somebody last spoke here about a consent; absent: never, or unknown. */
  changedAt: ReadonlyMap<SharedField, string>;
}

export interface Merged {
  /** What is to be taken over of what was said. */
  taken: Statement;
  /** Decisions between two values, for the history: `before` holds all three values, `after` whose value stays. */
  conflicts: FieldChange[];
  /** Whose value stays, of every field that was spoken of. */
  stays: ReadonlyMap<SharedField, 'same' | 'ours' | 'theirs'>;
}

/**
 * Compares, field by field, what both sides say with what they last agreed on (spaaza 5). What only one side changed is
 * taken from that side; between two changes the field's rule decides. While nothing is agreed, any value counts as
 * changed, and having none takes nothing away from the other side. What the platform was sent and says again is no change of
 * its own. `impossible` are fields that cannot become what the platform says.
 */
export function mergeLoyaltyUpdate(
  sides: Sides,
  times: MergeTimes,
  impossible: ReadonlySet<SharedField> = new Set(),
): Merged {
  const conflicts: FieldChange[] = [];
  const stays = new Map<SharedField, 'same' | 'ours' | 'theirs'>();
  let taken = sides.said;
  for (const field of sharedFields) {
    const compared = compare(field, sides);
    if (compared === undefined) continue;
    const { whose, isConflict } = compared.isSame
      ? { whose: 'same' as const, isConflict: false }
      : impossible.has(field)
        ? { whose: 'ours' as const, isConflict: true }
        : decide(field, compared, times);
    stays.set(field, whose);
    if (whose !== 'theirs') taken = without(taken, field);
    // Parts of ours do not belong to their street.
    else if (field === 'street') taken = withWholeStreet(taken, knownIn(sides));
    if (!isConflict) continue;
    const [agreed, ours, theirs] = [compared.agreed, compared.ours, compared.theirs].map(shown);
    conflicts.push({ field, before: { agreed, ours, theirs }, after: whose });
  }
  return { taken, conflicts, stays };
}

/** Tells whether the times of changes here decide about a field, so that the history has to be asked. */
export function needsTimes(sides: Sides): boolean {
  return sharedFields.some((field) => {
    const compared = compare(field, sides);
    if (compared === undefined || compared.isSame || !compared.isTheirsChanged) return false;
    const rule = mergeRuleOf(field);
    return rule === 'latest' ? compared.isOursChanged : rule === 'opt_out' && !wasAgreedTo(compared);
  });
}

/** The view that the platform has after a statement of its own: what it said, over what it had. */
export function platformView(sides: Sides, stays: Merged['stays'], oursAfter: OutboundView): OutboundView {
  const view: Record<string, unknown> = { ...(sides.agreed ?? { ...nothingKnown, customerId: oursAfter.customerId }) };
  for (const [field, whose] of stays) {
    // What was taken over stands there as it is kept here: another spelling of the same is nothing to send.
    const values = whose === 'ours' ? valuesSaid(sides.said, field, knownIn(sides)) : valuesIn(oursAfter, field);
    viewMembersOf(field).forEach((member, index) => {
      const value = values?.[index] ?? '';
      if (value === '' && !(member in nothingKnown)) delete view[member];
      else view[member] = value;
    });
  }
  return view as unknown as OutboundView;
}

interface Compared {
  agreed: FieldValues | undefined;
  ours: FieldValues;
  theirs: FieldValues;
  isSame: boolean;
  isOursChanged: boolean;
  isTheirsChanged: boolean;
}

function compare(field: SharedField, sides: Sides): Compared | undefined {
  const theirs = valuesSaid(sides.said, field, knownIn(sides));
  if (theirs === undefined) return undefined;
  const ours = valuesIn(sides.ours, field);
  const agreed = sides.agreed && valuesIn(sides.agreed, field);
  const isChanged = (values: FieldValues): boolean =>
    agreed === undefined ? values.some((value) => value !== '') : !isSameValue(field, values, agreed);
  return {
    agreed,
    ours,
    theirs,
    isSame: isSameValue(field, ours, theirs),
    isOursChanged: isChanged(ours),
    isTheirsChanged: isChanged(theirs) && !isEcho(sides, field, theirs),
  };
}

/** A no to mailings is heard also where it may be ours: it may be theirs, and later. */
function isEcho({ sent }: Sides, field: SharedField, theirs: FieldValues): boolean {
  const isNo = mergeRuleOf(field) === 'opt_out' && theirs[0] === false;
  return !isNo && isSentWord(sent ?? null, field, theirs);
}

interface Decision {
  whose: 'ours' | 'theirs';
  isConflict: boolean;
}

function decide(field: SharedField, compared: Compared, { saidAt, changedAt }: MergeTimes): Decision {
  const { agreed, isOursChanged, isTheirsChanged } = compared;
  if (!isTheirsChanged) return { whose: 'ours', isConflict: false };
  const here = changedAt.get(field);
  switch (mergeRuleOf(field)) {
    case 'ours':
      return { whose: isOursChanged ? 'ours' : 'theirs', isConflict: isOursChanged };
    case 'theirs':
      return { whose: 'theirs', isConflict: isOursChanged && agreed !== undefined };
    case 'latest': {
      if (!isOursChanged) return { whose: 'theirs', isConflict: false };
      // Their clock shows whole seconds: within one, ours stays.
      return { whose: here !== undefined && saidAt > here ? 'theirs' : 'ours', isConflict: true };
    }
    case 'opt_out': {
      // Who takes an agreed yes back is the only one to have changed it.
      if (wasAgreedTo(compared) || here === undefined) return { whose: 'theirs', isConflict: false };
      const isTheirYes = compared.theirs[0] === true;
      const whose = (isTheirYes ? saidAt > here : saidAt >= here) ? 'theirs' : 'ours';
      return { whose, isConflict: agreed === undefined || whose === 'ours' };
    }
  }
}

function wasAgreedTo({ agreed }: Compared): boolean {
  return agreed?.[0] === true;
}

/** What the platform had, as far as can be told. */
function knownIn({ agreed, ours }: Sides): OutboundView {
  return agreed ?? ours;
}

function shown(values: FieldValues | undefined): unknown {
  if (values === undefined) return null;
  const given = values.filter((value) => value !== '');
  return values.length > 1 ? given : (given[0] ?? null);
}

/** What the platform has of somebody of whom nothing is known; these members are always there. */
const nothingKnown = {
  givenName: '',
  familyName: '',
  email: '',
  isPrintedMailingSubscribed: false,
  isMailingSubscribed: false,
  isMailingOffered: true,
  isProgrammeOptedIn: false,
} as const;
