import { german } from './messages-de.ts';
import { english } from './messages-en.ts';
import { dutch } from './messages-nl.ts';

/** The languages this wire answers in. */
export type Locale = 'de' | 'en' | 'nl';

/** Every text this wire can say; English defines the list, so a language that misses one does not compile. */
export type MessageKey = keyof typeof english;

const texts: Readonly<Record<Locale, Readonly<Record<MessageKey, string>>>> = {
  de: german,
  en: english,
  nl: dutch,
};

/**
 * The text of a key in a language. Each `%{name}` is replaced once by the value of that name, taken literally; a
 * placeholder without a value stays as it is.
 */
export function message(locale: Locale, key: MessageKey, values: Readonly<Record<string, string>> = {}): string {
  // A replacer function, not a replacement string: values come from customers and may hold `$&`.
  return texts[locale][key].replace(/%\{(\w+)\}/g, (placeholder: string, name: string) => values[name] ?? placeholder);
}

/**
 * What a wire field is called in front of a customer, as it begins a sentence of `full_messages`. A field without a
 * label is named after itself, the way Rails does it: `address.country_code` becomes "Address country code".
 */
export function attributeLabel(wireName: string, locale: Locale): string {
  const key = `attributes.${wireName}`;
  if (isMessageKey(key)) return message(locale, key);
  const words = wireName.replace(/_id$/, '').replace(/[._]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isMessageKey(key: string): key is MessageKey {
  return Object.hasOwn(english, key);
}
