import { normalizeEmail } from './email.ts';
import type { Problem } from './errors.ts';

/**
 * What a shop's customer may choose as password: 6 to 128 characters, as devise counts them (gomus 2.2). Gives one
 * problem under `field` or none.
 */
export function shopPasswordProblem(field: string, password: string): Problem | undefined {
  const length = [...password].length;
  if (password.trim() === '') return { field, rule: 'blank' };
  if (length < 6) return { field, rule: 'too_short', limit: 6 };
  if (length > 128) return { field, rule: 'too_long', limit: 128 };
  return undefined;
}

/**
 * What Magento accepts when the loyalty platform creates a customer: 8 to 256 characters, no space at either end, three
 * of four character classes, not the e-mail; checked in Magento's order (magento-webapi 7.2).
 */
export function loyaltyPasswordProblem(field: string, password: string, email: string): Problem | undefined {
  const length = [...password].length;
  if (length > 256) return { field, rule: 'too_long', limit: 256 };
  if (length < 8) return { field, rule: 'too_short', limit: 8 };
  if (password.trim() !== password) return { field, rule: 'surrounding_space' };
  const classes = [/[0-9]/, /[A-Z]/, /[a-z]/, /[^0-9A-Za-z]/].filter((characters) => characters.test(password)).length;
  if (classes < 3) return { field, rule: 'too_few_classes', limit: 3 };
  if (normalizeEmail(password) === normalizeEmail(email)) return { field, rule: 'same_as_email' };
  return undefined;
}
