import type { OutboundView } from './loyalty-link.ts';
import type { SentWords } from './sent-words.ts';
import { fieldsApart, fieldsWithValue, type SharedField, sharedFields, valuesIn } from './shared-fields.ts';

/**
 * The fields that a push of a view sends. Of somebody new, those that have a value; a no is one where somebody said it, as
 * `consentsOfNewcomer` tells: who was never asked may have agreed elsewhere. Of others, those that differ from what
 * was agreed, and those that were `sent` without an answer, which may be over there as they were then. All, when nothing is
 * known of what was agreed, or when its fields are the same and its digest is not, which is one of another version.
 */
export function fieldsToSend(
  view: OutboundView,
  {
    consentsOfNewcomer,
    agreed,
    sent,
  }: {
    consentsOfNewcomer: ReadonlySet<SharedField> | undefined;
    agreed: OutboundView | undefined;
    sent: SentWords | null;
  },
): readonly SharedField[] {
  if (consentsOfNewcomer !== undefined)
    return fieldsWithValue(view).filter((field) => consentsOfNewcomer.has(field) || !isNo(view, field));
  if (agreed === undefined) return sharedFields;
  const apart = fieldsApart(view, agreed);
  const fields = sharedFields.filter((field) => apart.includes(field) || sent?.[field] !== undefined);
  return fields.length === 0 ? sharedFields : fields;
}

function isNo(view: OutboundView, field: SharedField): boolean {
  return valuesIn(view, field).every((value) => value === false);
}
