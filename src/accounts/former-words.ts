import type { OutboundView } from './loyalty-link.ts';
import { digestOfWord, type SentWords } from './sent-words.ts';
import { addSeconds } from './session.ts';
import { type FieldValues, isSameValue, type SharedField, valuesIn } from './shared-fields.ts';

/**
 * What the platform had before it took over something else from us: of each field, digests of the values, and since when it
 * has them no more (ISO 8601). What it says from before then may reach us afterwards.
 */
export type FormerWords = Readonly<Partial<Record<SharedField, readonly (readonly [digest: string, since: string])[]>>>;

/** How long something may be on its way from the platform to us. */
const longestWaySeconds = 60;
/** Values of one field that are kept; the youngest count. */
const mostValues = 20;

/**
 * What the platform had once it has taken over these fields of a view: what was agreed, and what it was sent meanwhile
 * without an answer.
 */
export function addFormerWords(
  words: FormerWords | null,
  change: { before: OutboundView; after: OutboundView; fields: readonly SharedField[]; sent: SentWords | null },
  now: string,
): FormerWords {
  const { before, after, fields, sent } = change;
  const kept: Partial<Record<SharedField, FormerWords[SharedField]>> = {};
  for (const field of new Set([...(Object.keys(words ?? {}) as SharedField[]), ...fields])) {
    const [earlier, values] = [valuesIn(before, field), valuesIn(after, field)];
    const added = fields.includes(field)
      ? [...(isSameValue(field, earlier, values) ? [] : [digestOfWord(field, earlier)]), ...(sent?.[field] ?? [])]
      : [];
    const current = digestOfWord(field, values);
    const young = (words?.[field] ?? []).filter(([digest, since]) => isYoung(since, now) && !added.includes(digest));
    const all = [...young, ...added.map((digest) => [digest, now] as const)].filter(([digest]) => digest !== current);
    if (all.length > 0) kept[field] = all.slice(-mostValues);
  }
  return kept;
}

/** Tells whether what the platform says of a field may be what it had before. */
export function isFormerWord(words: FormerWords | null, field: SharedField, values: FieldValues, now: string): boolean {
  const digest = digestOfWord(field, values);
  return (words?.[field] ?? []).some(([former, since]) => former === digest && isYoung(since, now));
}

function isYoung(since: string, now: string): boolean {
  return since >= addSeconds(now, -longestWaySeconds);
}
