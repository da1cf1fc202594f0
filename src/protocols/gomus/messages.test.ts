import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeLabel, type Locale, type MessageKey, message } from './messages.ts';
import { german } from './messages-de.ts';
import { english } from './messages-en.ts';
import { dutch } from './messages-nl.ts';

const keys = Object.keys(english) as MessageKey[];
const placeholders = (text: string) => (text.match(/%\{\w+\}/g) ?? []).sort();

describe('message', () => {
  it.each<[Locale, MessageKey, string]>([
    ['en', 'sessions.bad_credentials', 'Invalid login credentials. Please try again.'],
    ['de', 'sessions.bad_credentials', 'Ungültige Anmeldeinformationen. Bitte versuchen Sie es erneut.'],
    ['en', 'token_validations.invalid', 'Invalid login credentials'],
    ['de', 'token_validations.invalid', 'Ungültige Anmeldeinformationen'],
    ['de', 'registrations.missing_confirm_success_url', "Fehlender Paramter 'confirm_success_url'."],
    ['de', 'passwords.missing_redirect_url', 'Es fehlt die URL zu Weiterleitung.'],
    ['de', 'validate_sign_up_params', 'Bitte übermitteln sie vollständige Anmeldeinformationen im Body des Requests.'],
    ['de', 'unauthenticated', 'Sie müssen sich anmelden oder registrieren, um fortzufahren.'],
    ['de', 'unauthorized', 'Unauthorized'],
    ['nl', 'unauthorized', 'Unauthorized'],
  ])('keeps the published text: %s %s', (locale, key, text) => {
    expect(message(locale, key)).toBe(text);
  });

  it('fills in the published texts with placeholders', () => {
    expect(message('de', 'passwords.sended', { email: 'bob@example.com' })).toBe(
      "Ein E-Mail mit der Anleitung zum Zurücksetzen Ihres Passwortes wurde an 'bob@example.com' gesendet.",
    );
    expect(message('en', 'registrations.account_with_uid_destroyed', { uid: 'bob@example.com' })).toBe(
      "Account with UID 'bob@example.com' has been destroyed.",
    );
  });

  it('leaves a placeholder without a value as it is', () => {
    expect(message('en', 'shop_unknown')).toBe("There is no shop at '%{host}'.");
    expect(message('en', 'shop_unknown', { id: 'x' })).toBe("There is no shop at '%{host}'.");
  });

  it.each(['$&', "$'", '$1', '%{email}', '\\', '<b>'])('takes the value %s literally', (value) => {
    expect(message('en', 'passwords.user_not_found', { email: value })).toBe(
      `Unable to find user with email '${value}'.`,
    );
  });

  it('takes any value literally, in every language', () => {
    fc.assert(
      fc.property(fc.constantFrom<Locale>('de', 'en', 'nl'), fc.string({ unit: 'binary' }), (locale, value) => {
        const [before, after] = message(locale, 'internal_error').split('%{id}');
        expect(message(locale, 'internal_error', { id: value })).toBe(`${before}${value}${after}`);
      }),
    );
  });

  it('asks for the same values in every language', () => {
    for (const key of keys) {
      expect(placeholders(german[key]), key).toEqual(placeholders(english[key]));
      expect(placeholders(dutch[key]), key).toEqual(placeholders(english[key]));
    }
  });
});

describe('attributeLabel', () => {
  it.each<[string, Locale, string]>([
    ['email', 'de', 'E-Mail'],
    ['password', 'en', 'Password'],
    ['password_confirmation', 'de', 'Passwortbestätigung'],
    ['current_password', 'de', 'Bisheriges Passwort'],
    ['current_password', 'en', 'Current password'],
    ['customer_salutation_id', 'nl', 'Aanhef'],
  ])('calls %s in %s: %s', (field, locale, label) => {
    expect(attributeLabel(field, locale)).toBe(label);
  });

  it('names a field without a label after itself', () => {
    expect(attributeLabel('address.country_code', 'de')).toBe('Address country code');
    expect(attributeLabel('payment_mode_id', 'en')).toBe('Payment mode');
    expect(attributeLabel('__proto__', 'en')).toBe('Proto');
  });
});
