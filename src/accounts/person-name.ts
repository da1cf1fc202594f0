import type { Problem } from './errors.ts';
import { countCharacters } from './free-text.ts';

const maxCharacters = 255;

// Invisible characters count as blank: a name of zero-width spaces shows as nothing.
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}]/u;
const forbidden = /[\p{Cc}\p{Cs}<>]/u;

/**
 * Says what is wrong with a given or family name: `blank`, `too_long` (255 characters) or `invalid` (control
 * characters, lone surrogates, `<`, `>`). Lenient otherwise: narrower patterns shut out real people and changed from
 * release to release (magento-webapi 7.3 and 13.9).
 */
export function nameProblem(field: string, value: string): Problem | undefined {
  if (!visible.test(value)) return { field, rule: 'blank' };
  if (countCharacters(value) > maxCharacters) return { field, rule: 'too_long', limit: maxCharacters };
  if (forbidden.test(value)) return { field, rule: 'invalid' };
  return undefined;
}
