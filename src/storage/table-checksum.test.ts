import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowChecksum } from './table-checksum.ts';
import type { Row } from './table-rows.ts';

const value = fc.oneof(fc.constant(null), fc.maxSafeInteger(), fc.string({ unit: 'grapheme' }));
const row: fc.Arbitrary<Row> = fc.record({ id: value, name: value, constructor: value });

function checksumOf(rows: readonly Row[]): string {
  const checksum = new RowChecksum();
  for (const one of rows) checksum.add(one);
  return checksum.digest();
}

describe('the checksum of a table', () => {
  it('is the same for the same rows in any order of rows and columns', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const turned = rows.map((one) => Object.fromEntries(Object.entries(one).reverse())).reverse();
        expect(checksumOf(turned)).toBe(checksumOf(rows));
      }),
    );
  });

  it.each<[string, Row, Row]>([
    ['a value that is another', { id: 1, name: 'a' }, { id: 1, name: 'b' }],
    ['nothing and an empty text', { name: null }, { name: '' }],
    ['nothing and the word for it', { name: null }, { name: 'null' }],
    ['a number and its digits', { name: 1 }, { name: '1' }],
    ['values that changed places', { a: 'x', b: 'y' }, { a: 'y', b: 'x' }],
    ['values cut elsewhere', { a: 'x"', b: 'y' }, { a: 'x', b: '"y' }],
    ['a letter composed and decomposed', { name: 'é' }, { name: 'e\u0301' }],
    ['a column that is missing', { a: 'x', b: null }, { a: 'x' }],
    ['columns with other names', { a: 'x' }, { b: 'x' }],
    ['neighbouring ids of any size', { id: 9_007_199_254_740_990 }, { id: 9_007_199_254_740_991 }],
  ])('tells %s apart', (_, one, other) => {
    expect(checksumOf([one])).not.toBe(checksumOf([other]));
  });

  it('does not lose rows that are equal in pairs', () => {
    const twice = [{ id: 1 }, { id: 1 }];
    expect(checksumOf(twice)).not.toBe(checksumOf([]));
    expect(checksumOf(twice)).not.toBe(checksumOf([{ id: 2 }, { id: 2 }]));
  });

  it('has 32 digits, even for no rows', () => {
    expect(checksumOf([])).toBe('0'.repeat(32));
    expect(checksumOf([{ id: 1 }])).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([2 ** 53, 1.5, Number.NaN])('refuses %d, which it could not compare exactly', (number) => {
    expect(() => checksumOf([{ id: 1, level: number }])).toThrow(/Column level/);
  });
});
