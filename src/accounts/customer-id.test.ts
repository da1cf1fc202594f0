import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCustomerId } from './customer-id.ts';

describe('parseCustomerId', () => {
  it.each([39, '39', 1, '1', Number.MAX_SAFE_INTEGER, '9007199254740991'])('reads %j', (input) => {
    expect(parseCustomerId(input)).toBe(Number(input));
  });

  it.each([
    0,
    -1,
    39.5,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '0',
    '039',
    '+39',
    '-39',
    ' 39',
    '39 ',
    '39\n',
    '39abc',
    '39.0',
    '1e2',
    '0x27',
    '٣٩',
    '9007199254740992',
    '99999999999999999999',
    null,
    undefined,
    true,
    [39],
    { id: 39 },
  ])('does not take %j', (input) => {
    expect(parseCustomerId(input)).toBeUndefined();
  });

  it('reads every id back from its decimal text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
        expect(parseCustomerId(String(id))).toBe(id);
        expect(parseCustomerId(id)).toBe(id);
      }),
    );
  });

  it('takes text only when it is the one spelling of the id', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d+. -]{0,18}$/)), (text) => {
        const id = parseCustomerId(text);
        if (id !== undefined) expect(String(id)).toBe(text);
      }),
    );
  });
});
