import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOf, type SearchedFields, wantedWords, wordsOf } from './search-words.ts';

const of = (fields: Partial<SearchedFields>): string[] =>
  wordsOf({ givenName: '', familyName: '', email: '', foreignId: null, ...fields });

describe('the words of a customer', () => {
  it('are what begins at the start and behind punctuation, up to the next space', () => {
    expect(of({ givenName: 'Anna Maria', familyName: 'von Müller-Lüdenscheidt' })).toEqual([
      'anna',
      'maria',
      'von',
      'müller-lüdenscheidt',
      'lüdenscheidt',
    ]);
    expect(of({ foreignId: 'CRM_00-17' })).toEqual(['crm_00-17', '00-17', '17']);
    expect(of({ familyName: '(née O’Brien) -' })).toEqual(['née', 'o’brien)', 'brien)']);
  });

  it('leave out the ending of the domain of the e-mail, and nothing else of it', () => {
    expect(of({ email: 'Anna.M+x@museum.example.org' })).toEqual([
      'anna.m+x@museum.example.org',
      'm+x@museum.example.org',
      'x@museum.example.org',
      'museum.example.org',
      'example.org',
    ]);
    expect(of({ email: 'a.b@localhost' })).toEqual(['a.b@localhost', 'b@localhost', 'localhost']);
  });

  it('come once each, cut to a hundred characters, and so many of a field', () => {
    expect(of({ givenName: 'Thomas', familyName: 'THOMAS', email: 'thomas' })).toEqual(['thomas']);
    const smiles = '\u{1f600}'.repeat(101);
    expect(of({ givenName: smiles })).toEqual(['\u{1f600}'.repeat(100)]);
    expect(wantedWords([smiles])).toEqual(['\u{1f600}'.repeat(100)]);
    const numbers = Array.from({ length: 99 }, (_, number) => number).join(' ');
    expect(of({ givenName: numbers, familyName: 'kept' })).toHaveLength(25);
  });
});

describe('the words that are looked for', () => {
  it('have no punctuation in front, and are none that another begins with', () => {
    expect(wantedWords(['@Example.org', '"Anna', '-', 'an', 'ann', 'ANNA', 'x'])).toEqual(['example.org', 'anna', 'x']);
    expect(wantedWords(['%', '...'])).toEqual([]);
  });

  it('find a customer of whose name they are the beginning, however they are written', () => {
    const name = fc.string({ unit: fc.constantFrom(...'abéΣσς.-@', 'o\u0301', 'u\u0308'), minLength: 1 });
    const written = fc.constantFrom('same', 'NFC', 'NFD', 'upper');
    fc.assert(
      fc.property(name, fc.nat(), written, (familyName, at, form) => {
        const letters = Array.from(familyName.normalize('NFC'));
        const part = letters.slice(0, 1 + (at % letters.length)).join('');
        const typed = { same: part, NFC: part.normalize('NFC'), NFD: part.normalize('NFD'), upper: part.toUpperCase() };
        const words = of({ familyName });
        for (const word of wantedWords([typed[form as keyof typeof typed]])) {
          expect(words.some((each) => each >= word && each < endOf(word))).toBe(true);
        }
      }),
    );
  });
});
