import { createHash } from 'node:crypto';
import type { OutboundView } from './loyalty-link.ts';
import { type FieldValues, plainValues, type SharedField, valuesIn } from './shared-fields.ts';

/**
 * What was sent and not acknowledged: of each field, digests of the values. Until an answer comes nobody knows which of
 * them the platform has by now, or will have once a request that was given up is carried out after all.
 */
export type SentWords = Readonly<Partial<Record<SharedField, readonly string[]>>>;

/** Values of one field that are kept; the youngest count. */
const mostValues = 20;

/** What is sent unacknowledged once these fields of a view go out as well. */
export function addSentWords(words: SentWords | null, view: OutboundView, fields: readonly SharedField[]): SentWords {
  const added: Partial<Record<SharedField, readonly string[]>> = { ...words };
  for (const field of fields) {
    const digest = digestOfWord(field, valuesIn(view, field));
    const others = (words?.[field] ?? []).filter((other) => other !== digest);
    added[field] = [...others, digest].slice(-mostValues);
  }
  return added;
}

/** Tells whether what the platform says of a field may be what it was sent: then it is no news of its own. */
export function isSentWord(words: SentWords | null, field: SharedField, values: FieldValues): boolean {
  return words?.[field]?.includes(digestOfWord(field, values)) ?? false;
}

/** What is kept of a field's value. */
export function digestOfWord(field: SharedField, values: FieldValues): string {
  const plain = JSON.stringify([field, ...plainValues(field, values)]);
  return createHash('sha256').update(plain).digest('hex').slice(0, 16);
}
