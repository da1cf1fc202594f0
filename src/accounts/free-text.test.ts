import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countCharacters, freeTextProblem, isStorableText } from './free-text.ts';

describe('isStorableText', () => {
  it.each(['', 'plain', 'two\nlines', 'form\r\nlines', 'a\ttab', '🙂', 'O\x92Brien', '\u2028'])('keeps %j', (text) => {
    expect(isStorableText(text)).toBe(true);
  });

  it.each([
    '\0',
    'a\0b',
    '\x01',
    '\b',
    '\v',
    '\f',
    '\x1b[0m',
    '\x1f',
    'a\rb',
    '\r',
    '\ud800',
    'a\udc00b',
    '\udc00\ud800',
  ])('refuses %j', (text) => {
    expect(isStorableText(text)).toBe(false);
  });

  it('only keeps what survives the way through UTF-8 unchanged', () => {
    const halves = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(fc.oneof(halves, fc.string({ unit: 'binary' })), (text) => {
        if (isStorableText(text)) expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
        else expect(text).toMatch(/\p{Cc}|\p{Cs}/u);
      }),
    );
  });

  it('keeps every printable text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(isStorableText(text)).toBe(true);
      }),
    );
  });
});

describe('freeTextProblem', () => {
  it('lets blank text pass, since a free text may be empty', () => {
    expect(freeTextProblem('notes', '', 5)).toBeUndefined();
  });

  it('names the field and the limit', () => {
    expect(freeTextProblem('notes', '🙂🙂🙂', 3)).toBeUndefined();
    expect(freeTextProblem('notes', '🙂🙂🙂🙂', 3)).toEqual({ field: 'notes', rule: 'too_long', limit: 3 });
  });

  it('finds text invalid that cannot be stored', () => {
    expect(freeTextProblem('notes', 'a\0', 5)).toEqual({ field: 'notes', rule: 'invalid' });
  });
});

describe('countCharacters', () => {
  it('counts code points', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'é', '漢', '🙂', '𝒳')), (characters) => {
        expect(countCharacters(characters.join(''))).toBe(characters.length);
      }),
    );
  });
});
