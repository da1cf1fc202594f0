import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../accounts/errors.ts';
import type { Locale } from './messages.ts';
import { presentProblems } from './problems.ts';

const rules: Problem['rule'][] = [
  'blank',
  'invalid',
  'taken',
  'too_short',
  'too_long',
  'too_few_classes',
  'surrounding_space',
  'same_as_email',
  'mismatch',
  'unknown',
  'in_future',
  'conflict',
];

describe('presentProblems', () => {
  it('answers the recorded sign-up with three faults, key order included', () => {
    const answer = presentProblems(
      [
        { field: 'email', rule: 'taken' },
        { field: 'password', rule: 'too_short', limit: 6 },
        { field: 'passwordConfirmation', rule: 'mismatch' },
      ],
      'de',
    );
    expect(JSON.stringify(answer)).toBe(
      JSON.stringify({
        password_confirmation: ['stimmt nicht mit Passwort überein'],
        password: ['ist zu kurz (weniger als 6 Zeichen)'],
        email: ['ist bereits vergeben'],
        full_messages: [
          'Passwortbestätigung stimmt nicht mit Passwort überein',
          'Passwort ist zu kurz (weniger als 6 Zeichen)',
          'E-Mail ist bereits vergeben',
        ],
      }),
    );
  });

  it('puts the current password before the e-mail and keeps the given order of the rest', () => {
    const answer = presentProblems(
      [
        { field: 'familyName', rule: 'blank' },
        { field: 'givenName', rule: 'blank' },
        { field: 'email', rule: 'blank' },
        { field: 'currentPassword', rule: 'invalid' },
      ],
      'en',
    );
    expect(Object.keys(answer)).toEqual(['current_password', 'email', 'surname', 'name', 'full_messages']);
    expect(answer.full_messages[0]).toBe('Current password is invalid');
  });

  it.each<[Problem, Locale, string, string]>([
    [{ field: 'email', rule: 'taken' }, 'en', 'email', 'has already been taken'],
    [{ field: 'email', rule: 'invalid' }, 'en', 'email', 'is not an email'],
    [{ field: 'email', rule: 'invalid' }, 'de', 'email', 'ist keine E-Mail-Adresse'],
    [{ field: 'emailConfirmation', rule: 'mismatch' }, 'en', 'email_confirmation', "doesn't match Email"],
    [{ field: 'passwordConfirmation', rule: 'mismatch' }, 'en', 'password_confirmation', "doesn't match Password"],
    [
      { field: 'passwordConfirmation', rule: 'mismatch' },
      'nl',
      'password_confirmation',
      'komt niet overeen met Wachtwoord',
    ],
    [{ field: 'currentPassword', rule: 'mismatch' }, 'de', 'current_password', 'ist nicht gültig'],
    [
      { field: 'newPassword', rule: 'too_long', limit: 128 },
      'en',
      'password',
      'is too long (maximum is 128 characters)',
    ],
    [{ field: 'newPassword', rule: 'too_short' }, 'en', 'password', 'is invalid'],
    [{ field: 'phone', rule: 'too_long', limit: 40 }, 'de', 'tel', 'ist zu lang (mehr als 40 Zeichen)'],
    [{ field: 'newsletterGroups', rule: 'unknown', value: '99' }, 'en', 'newsletter_groups', 'is unknown: 99'],
    [{ field: 'newsletterGroups', rule: 'unknown', value: '9'.repeat(101) }, 'en', 'newsletter_groups', 'is unknown'],
    [{ field: 'salutationId', rule: 'unknown' }, 'de', 'customer_salutation_id', 'ist nicht bekannt'],
    [{ field: 'titleId', rule: 'unknown' }, 'en', 'customer_title_id', 'is unknown'],
    [{ field: 'languageId', rule: 'unknown' }, 'en', 'language_id', 'is unknown'],
    [{ field: 'foreignId', rule: 'taken' }, 'en', 'foreign_id', 'has already been taken'],
    [{ field: 'address.countryCode', rule: 'invalid' }, 'en', 'address.country_code', 'is invalid'],
  ])('says %o in %s under the wire name', (problem, locale, field, text) => {
    expect(presentProblems([problem], locale)[field]).toEqual([text]);
  });

  it('collects several problems of one field and says the same thing once', () => {
    const answer = presentProblems(
      [
        { field: 'password', rule: 'too_short', limit: 6 },
        { field: 'newPassword', rule: 'same_as_email' },
        { field: 'newPassword', rule: 'too_short', limit: 6 },
      ],
      'en',
    );
    expect(answer.password).toEqual(['is too short (minimum is 6 characters)', 'must differ from the email address']);
    expect(answer.full_messages).toHaveLength(2);
  });

  it('answers an empty list without fields', () => {
    expect(presentProblems([], 'nl')).toEqual({ full_messages: [] });
  });

  it('gives every rule on any field a finished sentence, once under its field and once in full', () => {
    const problem = fc.record({
      field: fc.oneof(fc.constantFrom('email', 'givenName', '__proto__', 'constructor'), fc.string()),
      rule: fc.constantFrom(...rules),
      limit: fc.option(fc.nat(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(problem), fc.constantFrom<Locale>('de', 'en', 'nl'), (problems, locale) => {
        const { full_messages, ...fields } = presentProblems(problems, locale);
        const perField = Object.values(fields).flat();
        expect(perField.every((text) => text !== '' && !text.includes('%{') && !text.includes('undefined'))).toBe(true);
        expect(full_messages).toHaveLength(perField.length);
        expect(full_messages.every((sentence) => perField.some((text) => sentence.endsWith(` ${text}`)))).toBe(true);
      }),
    );
  });
});
