import type { Problem } from '../../accounts/errors.ts';
import { attributeLabel, type Locale, type MessageKey, message } from './messages.ts';

/** Messages per wire field, and all of them once more as sentences. */
export type FieldErrors = Record<string, string[]> & { full_messages: string[] };

const wireNames: Readonly<Record<string, string>> = {
  email: 'email',
  emailConfirmation: 'email_confirmation',
  password: 'password',
  newPassword: 'password',
  passwordConfirmation: 'password_confirmation',
  currentPassword: 'current_password',
  givenName: 'name',
  familyName: 'surname',
  phone: 'tel',
  mobile: 'mobile',
  fax: 'fax',
  salutationId: 'customer_salutation_id',
  titleId: 'customer_title_id',
  languageId: 'language_id',
  newsletterGroups: 'newsletter_groups',
  foreignId: 'foreign_id',
};

/** Which field a confirmation repeats. */
const confirmed: ReadonlyMap<string, string> = new Map([
  ['password_confirmation', 'password'],
  ['email_confirmation', 'email'],
]);

/** The gem's order when several fields are at fault (gomus 2.8); all others follow in the order given. */
const firstFields = ['password_confirmation', 'password', 'current_password', 'email'];

/** Longer values are not echoed: they would only bloat the sentence. */
const longestEcho = 100;

const ruleKeys: Readonly<Record<Problem['rule'], MessageKey>> = {
  blank: 'errors.blank',
  invalid: 'errors.invalid',
  taken: 'errors.taken',
  too_short: 'errors.too_short',
  too_long: 'errors.too_long',
  too_few_classes: 'errors.too_few_classes',
  surrounding_space: 'errors.surrounding_space',
  same_as_email: 'errors.same_as_email',
  mismatch: 'errors.invalid',
  unknown: 'errors.unknown',
  in_future: 'errors.in_future',
  conflict: 'errors.conflict',
};

/**
 * Presents what is wrong with the input the way devise does: messages under the wire names of the fields, then
 * `full_messages` ("label message") in the same order. The same message for the same field appears once.
 */
export function presentProblems(problems: readonly Problem[], locale: Locale): FieldErrors {
  const byField = new Map<string, Set<string>>();
  for (const problem of problems) {
    const field = wireName(problem.field);
    const messages = byField.get(field) ?? new Set();
    byField.set(field, messages.add(problemText(problem, field, locale)));
  }

  const ordered = [...byField].sort(([a], [b]) => rank(a) - rank(b));
  const fullMessages = ordered.flatMap(([field, messages]) =>
    [...messages].map((text) => `${attributeLabel(field, locale)} ${text}`),
  );
  const entries = ordered.map(([field, messages]): [string, string[]] => [field, [...messages]]);
  return Object.fromEntries([...entries, ['full_messages', fullMessages]]) as FieldErrors;
}

function wireName(field: string): string {
  if (Object.hasOwn(wireNames, field)) return wireNames[field]!;
  return field.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

function problemText(problem: Problem, field: string, locale: Locale): string {
  const { rule, limit, value } = problem;
  const repeated = confirmed.get(field);
  if (rule === 'mismatch' && repeated !== undefined) {
    return message(locale, 'errors.confirmation', { attribute: attributeLabel(repeated, locale) });
  }
  if (rule === 'invalid' && field === 'email') return message(locale, 'errors.not_email');
  if (rule === 'unknown' && value !== undefined && value !== '' && value.length <= longestEcho) {
    return message(locale, 'errors.unknown_value', { value });
  }
  const key = ruleKeys[rule];
  const needsLimit = rule === 'too_short' || rule === 'too_long' || rule === 'too_few_classes';
  if (needsLimit && limit === undefined) return message(locale, 'errors.invalid');
  return message(locale, key, { count: String(limit) });
}

function rank(field: string): number {
  const index = firstFields.indexOf(field);
  return index === -1 ? firstFields.length : index;
}
