import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGender, presentGender } from './gender.ts';

describe('parseGender', () => {
  it.each([
    ['M', 1],
    ['m', 1],
    ['Male', 1],
    [' male ', 1],
    ['F', 2],
    ['FEMALE', 2],
    ['nonbinary', 3],
    ['other', 3],
    ['mal', 3],
    ['1', 3],
  ])('reads %j as %i and keeps the token', (token, code) => {
    expect(parseGender(token)).toEqual({ code, token });
  });
});

describe('presentGender', () => {
  it('answers M and F in one spelling', () => {
    expect(presentGender({ code: 1, token: 'male' })).toBe('M');
    expect(presentGender({ code: 2, token: null })).toBe('F');
  });

  it('gives an unspecified gender back as it came', () => {
    expect(presentGender({ code: 3, token: 'genderFluid' })).toBe('genderFluid');
  });

  it.each([
    { code: null, token: null },
    { code: null, token: 'M' },
    { code: 3, token: null },
    { code: 3, token: ' ' },
    { code: 7, token: 'M' },
  ])('leaves out what is not known: %j', (gender) => {
    expect(presentGender(gender)).toBeUndefined();
  });

  it('comes back to the same code after any number of trips', () => {
    const token = fc.oneof(fc.constantFrom('M', 'f', 'Male', ' FEMALE', 'agender'), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(token, (text) => {
        fc.pre(text.trim() !== '');
        const gender = parseGender(text);
        const sent = presentGender(gender);
        expect(parseGender(sent ?? '').code).toBe(gender.code);
        if (gender.code === 3) expect(sent).toBe(text);
      }),
    );
  });
});
