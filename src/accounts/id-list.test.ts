import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIdList, parseIdList } from './id-list.ts';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('parseIdList', () => {
  it.each([
    ['1,8', [1, 8]],
    ['8, 1 ,,8', [8, 1]],
    ['', []],
    [' , ', []],
    ['008', [8]],
    [8, [8]],
    [[], []],
    [
      ['1', 8, '', ' 8 '],
      [1, 8],
    ],
    ['9007199254740991', [9007199254740991]],
  ])('reads %j as %j', (input, ids) => {
    expect(parseIdList(input)).toEqual({ ok: true, ids });
  });

  it.each([
    ['1,+1', '+1'],
    ['1e2', '1e2'],
    ['1.5', '1.5'],
    ['0x1', '0x1'],
    ['-1', '-1'],
    ['0', '0'],
    ['1 8', '1 8'],
    ['1;8', '1;8'],
    ['٣', '٣'],
    ['9007199254740993', '9007199254740993'],
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [1e21, '1e+21'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'boolean'],
    [{ 0: 1 }, 'object'],
    [[1, null], 'null'],
    [[1, [8]], 'array'],
    [['1,8'], '1,8'],
    [['1', false], 'boolean'],
  ])('refuses %j and names the entry', (input, invalid) => {
    expect(parseIdList(input)).toEqual({ ok: false, invalid });
  });

  it('takes 1000 entries and not one more, duplicates counted and blanks not', () => {
    expect(parseIdList(`${'7,'.repeat(1000)},,`)).toEqual({ ok: true, ids: [7] });
    expect(parseIdList(`${'7,'.repeat(1000)}12`)).toEqual({ ok: false, invalid: '12' });
  });

  it('shortens what it names without cutting a character in half', () => {
    const result = parseIdList(`x${'🙂'.repeat(1000)}`);
    expect(result).toEqual({ ok: false, invalid: `x${'🙂'.repeat(63)}` });
  });

  it('reads back what it wrote, as a set in descending order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 50 }), (ids) => {
        const descending = [...ids].sort((left, right) => right - left);
        expect(parseIdList(formatIdList(ids))).toEqual({ ok: true, ids: descending });
      }),
    );
  });

  it('reads text, numbers and arrays of either alike', () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 50 }), (ids) => {
        const expected = { ok: true, ids: [...new Set(ids)] };
        expect(parseIdList(ids)).toEqual(expected);
        expect(parseIdList(ids.map((one) => ` 0${one} `))).toEqual(expected);
        expect(parseIdList(ids.join(' ,, '))).toEqual(expected);
      }),
    );
  });

  it('never throws, and only ever gives distinct positive safe integers', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.stringMatching(/^[\d,+. e-]{0,20}$/)), (input) => {
        const result = parseIdList(input);
        if (!result.ok) return;
        expect(new Set(result.ids).size).toBe(result.ids.length);
        expect(result.ids.every((one) => Number.isSafeInteger(one) && one > 0)).toBe(true);
      }),
    );
  });
});

describe('formatIdList', () => {
  it('answers "8,1" to the groups 1 and 8, by value and not by spelling', () => {
    expect(formatIdList([1, 8])).toBe('8,1');
    expect(formatIdList([9, 10])).toBe('10,9');
  });

  it('is empty for no groups and leaves its input alone', () => {
    const ids = Object.freeze([1, 2]);
    expect(formatIdList(ids)).toBe('2,1');
    expect(formatIdList([])).toBe('');
  });
});
