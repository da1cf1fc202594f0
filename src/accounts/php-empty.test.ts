import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPhpEmpty } from './php-empty.ts';

describe('isPhpEmpty', () => {
  it.each([undefined, null, '', '0', 0, -0, 0.0, false, [], {}])('finds %j empty', (value) => {
    expect(isPhpEmpty(value)).toBe(true);
  });

  it.each(['0.0', '00', ' ', '\n', 'false', 'null', 1, -1, 0.1, Number.NaN, true, [0], [null], { a: null }])(
    'finds %j not empty',
    (value) => {
      expect(isPhpEmpty(value)).toBe(false);
    },
  );

  it('finds text empty only when it is "" or "0", and lists and objects only when nothing is in them', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (text, list, object) => {
          expect(isPhpEmpty(text)).toBe(text === '' || text === '0');
          expect(isPhpEmpty(list)).toBe(list.length === 0);
          expect(isPhpEmpty(JSON.parse(JSON.stringify(object)))).toBe(JSON.stringify(object) === '{}');
        },
      ),
    );
  });
});
