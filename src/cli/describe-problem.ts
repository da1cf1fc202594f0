import type { Problem } from '../accounts/errors.ts';
import { quote } from '../config-kinds.ts';

const sentences: Record<Problem['rule'], (problem: Problem) => string> = {
  blank: ({ field }) => (/(^|\.)stores$/.test(field) ? 'there must be at least one' : 'must not be empty'),
  invalid: ({ value }) => `${shown(value)}is not valid`,
  taken: ({ value }) => `${shown(value)}is taken`,
  too_short: ({ limit }) => `is shorter than ${limit} characters`,
  too_long: ({ limit }) => `is longer than ${limit} characters`,
  too_few_classes: ({ limit }) => `has fewer than ${limit} kinds of characters`,
  surrounding_space: () => 'begins or ends with a space',
  same_as_email: () => 'is the e-mail address',
  mismatch: () => 'does not match',
  unknown: ({ value }) => `${shown(value)}is not known`,
  in_future: () => 'lies in the future',
  conflict: ({ field, value }) => conflictSentence(field, value),
};

/** One thing wrong as `stores[0].newsletter_groups[1]: 7 is not known`, fields spelled as in the topology file. */
export function describeProblem(problem: Problem): string {
  return `${fileName(problem.field)}: ${sentences[problem.rule](problem)}`;
}

/** Spells a name of the domain as files and JSON do: `newsletterGroups` is `newsletter_groups`. */
export function fileName(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, letter: string) => `${before}_${letter.toLowerCase()}`);
}

function shown(value: string | undefined): string {
  return value === undefined ? '' : `${/^[\w.-]+$/.test(value) ? value : quote(value)} `;
}

function conflictSentence(field: string, value: string | undefined): string {
  if (/^websites\[\d+\]\.pool$/.test(field)) return 'a website cannot move to another pool';
  if (/^stores\[\d+\]\.website$/.test(field)) return `website ${value} would be left without a store`;
  if (field === 'reference') return `several customers have this e-mail; name one by its id: ${value}`;
  return `${shown(value)}contradicts the rest`;
}
