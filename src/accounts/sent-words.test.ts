import { describe, expect, it } from 'vitest';
import type { OutboundView } from './loyalty-link.ts';
import { addSentWords, isSentWord } from './sent-words.ts';

/** As much of a view as a test is about. */
const view = (members: Partial<OutboundView>) => members as OutboundView;

describe('words that were sent', () => {
  it('are known by field and value, and nothing else is', () => {
    const words = addSentWords(null, view({ phone: '1', isMailingSubscribed: false }), [
      'phone',
      'isMailingSubscribed',
    ]);
    expect(isSentWord(words, 'phone', ['1'])).toBe(true);
    expect(isSentWord(words, 'isMailingSubscribed', [false])).toBe(true);
    expect(isSentWord(words, 'phone', ['2'])).toBe(false);
    expect(isSentWord(words, 'isMailingSubscribed', [true])).toBe(false);
    expect(isSentWord(words, 'city', ['1'])).toBe(false);
    expect(isSentWord(null, 'phone', ['1'])).toBe(false);
  });

  it('are known in other spellings of the same', () => {
    const words = addSentWords(null, view({ email: 'Ada@Example.org', city: 'Orle\u0301ans' }), ['email', 'city']);
    expect(isSentWord(words, 'email', ['ada@example.org'])).toBe(true);
    expect(isSentWord(words, 'city', [' Orl\u00e9ans '])).toBe(true);
  });

  it('can be none', () => {
    const words = addSentWords(null, view({}), ['phone', 'street']);
    expect(isSentWord(words, 'phone', [''])).toBe(true);
    expect(isSentWord(words, 'street', ['', '', ''])).toBe(true);
  });

  it('join those that were sent before, of which the twenty youngest count', () => {
    let words = addSentWords(null, view({ phone: '1', city: 'Ede' }), ['phone', 'city']);
    for (let phone = 2; phone <= 21; phone += 1) words = addSentWords(words, view({ phone: String(phone) }), ['phone']);
    expect(isSentWord(words, 'phone', ['1'])).toBe(false);
    for (let phone = 2; phone <= 21; phone += 1) expect(isSentWord(words, 'phone', [String(phone)])).toBe(true);
    expect(isSentWord(words, 'city', ['Ede'])).toBe(true);
    words = addSentWords(addSentWords(words, view({ phone: '2' }), ['phone']), view({ phone: 'x' }), ['phone']);
    expect(isSentWord(words, 'phone', ['2'])).toBe(true);
    expect(isSentWord(words, 'phone', ['3'])).toBe(false);
  });

  it('show no value', () => {
    const words = addSentWords(null, view({ phone: '4711', givenName: 'Ada' }), ['phone', 'givenName']);
    expect(JSON.stringify(words)).not.toMatch(/4711|Ada/);
  });
});
