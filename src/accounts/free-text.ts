import type { Problem } from './errors.ts';

// Every control character except tab, newline, carriage return, DEL and the C1 block; a carriage return without its
// newline; half a surrogate pair. C1 stays: old Windows-1252 data carries it, and every store keeps it.
const unstorable = /[^\P{Cc}\t\n\r\x7f-\x9f]|\r(?!\n)|\p{Cs}/u;

/**
 * True when both databases keep the text unchanged and a JSON answer can show it. Tab, newline and the CR LF of form
 * bodies pass; NUL, other C0 control characters and lone surrogates do not.
 */
export function isStorableText(value: string): boolean {
  return !unstorable.test(value);
}

/** Says what is wrong with a free text that may be blank: `too_long` (limit in characters) or `invalid`. */
export function freeTextProblem(field: string, value: string, maxCharacters: number): Problem | undefined {
  if (countCharacters(value) > maxCharacters) return { field, rule: 'too_long', limit: maxCharacters };
  if (!isStorableText(value)) return { field, rule: 'invalid' };
  return undefined;
}

/** True for a number that is still the one that was sent: JSON rounds whole numbers beyond 2^53, so that they name another. */
export function isExactNumber(value: unknown): value is number {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

/** Counts code points, so that an emoji or a rare ideograph is one character and not two. */
export function countCharacters(value: string): number {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}
