import { describe, expect, it } from 'vitest';
import { addFormerWords, type FormerWords, isFormerWord } from './former-words.ts';
import type { OutboundView } from './loyalty-link.ts';
import { addSentWords } from './sent-words.ts';

const at = (seconds: number) => new Date(Date.UTC(2024, 0, 1) + seconds * 1000).toISOString();
/** As much of a view as a test is about. */
const view = (members: Partial<OutboundView>) => members as OutboundView;
const sends = (
  words: FormerWords | null,
  before: Partial<OutboundView>,
  after: Partial<OutboundView>,
  seconds: number,
) =>
  addFormerWords(
    words,
    { before: view(before), after: view(after), fields: ['phone', 'city'], sent: null },
    at(seconds),
  );

describe('what the platform had before', () => {
  it('is known by field and value for a minute', () => {
    const words = sends(null, { phone: '1', city: 'Ede' }, { phone: '2', city: 'Ede' }, 0);
    expect(isFormerWord(words, 'phone', ['1'], at(60))).toBe(true);
    expect(isFormerWord(words, 'phone', ['1'], at(61))).toBe(false);
    expect(isFormerWord(words, 'phone', ['2'], at(0))).toBe(false);
    expect(isFormerWord(words, 'city', ['Ede'], at(0))).toBe(false);
    expect(isFormerWord(words, 'givenName', ['Ada'], at(0))).toBe(false);
    expect(isFormerWord(null, 'phone', ['1'], at(0))).toBe(false);
  });

  it('joins what it had before that, until it has that again', () => {
    const first = sends(null, { phone: '1' }, { phone: '2' }, 0);
    const second = sends(first, { phone: '2' }, { phone: '3' }, 30);
    expect(['1', '2', '3'].map((phone) => isFormerWord(second, 'phone', [phone], at(40)))).toEqual([true, true, false]);
    expect(['1', '2', '3'].map((phone) => isFormerWord(second, 'phone', [phone], at(70)))).toEqual([
      false,
      true,
      false,
    ]);
    const third = sends(second, { phone: '3' }, { phone: '1' }, 40);
    expect(['1', '2', '3'].map((phone) => isFormerWord(third, 'phone', [phone], at(50)))).toEqual([false, true, true]);
  });

  it('is also what it was sent meanwhile without an answer', () => {
    const sent = addSentWords(addSentWords(null, view({ phone: '2' }), ['phone']), view({ phone: '3' }), ['phone']);
    const change = { before: view({ phone: '1' }), after: view({ phone: '3' }), fields: ['phone'] as const, sent };
    const words = addFormerWords(null, change, at(0));
    expect(['1', '2', '3'].map((phone) => isFormerWord(words, 'phone', [phone], at(1)))).toEqual([true, true, false]);
  });

  it('can be nothing, and does not pile up', () => {
    let words = sends(null, {}, { phone: '1' }, 0);
    expect(isFormerWord(words, 'phone', [''], at(1))).toBe(true);
    for (let phone = 1; phone < 40; phone += 1) {
      words = sends(words, { phone: String(phone) }, { phone: String(phone + 1) }, phone);
    }
    expect(words.phone).toHaveLength(20);
    words = sends(words, { phone: '40' }, { phone: '40', city: 'Ede' }, 200);
    expect(Object.keys(words)).toEqual(['city']);
  });
});
