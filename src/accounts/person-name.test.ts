import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameProblem } from './person-name.ts';

describe('nameProblem', () => {
  it.each([
    'Bruce',
    "D'Artagnan",
    'Guðmundsdóttir',
    'X Æ A-12 Musk',
    '李小龍',
    'Smith & Sons (Ltd.)',
    '0',
    '🙂',
    'می\u200cخواهم',
  ])('has nothing against %s', (name) => {
    expect(nameProblem('surname', name)).toBeUndefined();
  });

  it.each(['', ' ', '\u00a0\u3000', '\t\n', '\u200b\ufeff', '\u3164'])('finds %j blank', (name) => {
    expect(nameProblem('surname', name)).toEqual({ field: 'surname', rule: 'blank' });
  });

  it('counts 255 characters, not bytes or UTF-16 units', () => {
    expect(nameProblem('name', '𝒳'.repeat(255))).toBeUndefined();
    expect(nameProblem('name', '𝒳'.repeat(256))).toEqual({ field: 'name', rule: 'too_long', limit: 255 });
  });

  it.each(['A\0', 'A\nB', 'A\x7f', 'A\u0085B', 'A\ud800', '\udc00A', '<b>', 'a > b'])('finds %j invalid', (name) => {
    expect(nameProblem('name', name)).toEqual({ field: 'name', rule: 'invalid' });
  });

  it('lets no control character, lone surrogate or angle bracket through anywhere', () => {
    const intruder = fc.constantFrom('\0', '\t', '\r', '\n', '\x1f', '\x7f', '\x80', '\x9f', '<', '>');
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), intruder, fc.string({ maxLength: 50 }), (before, character, after) => {
        expect(nameProblem('name', `x${before}${character}${after}`)?.rule).toBe('invalid');
      }),
    );
  });

  it('accepts every name of letters and spaces', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\p{L}\p{M}][\p{L}\p{M}' -]{0,80}$/u), (name) => {
        fc.pre(/[^\p{Default_Ignorable_Code_Point}]/u.test(name.replace(/ /g, '')));
        expect(nameProblem('name', name)).toBeUndefined();
      }),
    );
  });
});
