import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { coerceParameter, readParameters } from './parameters.ts';
import { WebapiError } from './webapi-error.ts';

const authenticate = [
  { name: 'email', type: 'string', required: true },
  { name: 'password', type: 'string', required: true },
  { name: 'spaaza_chain_id', type: 'int' },
] as const;

const update = [
  { name: 'user_info', type: 'mixed', required: true },
  { name: 'create_if_not_exists', type: 'bool', default: false },
] as const;

function refusalOf(read: () => unknown): WebapiError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(WebapiError);
    expect((error as WebapiError).status).toBe(400);
    return error as WebapiError;
  }
  throw new Error('was accepted');
}

const typeMessage = (shown: string, type: string) =>
  `The "${shown}" value's type is invalid. The "${type}" type was expected. Verify and try again.`;

describe('readParameters', () => {
  it('reads the documented sign-in', () => {
    const body = { email: 'info@spaaza.com', password: 'ThisIsEasyToGuess', spaaza_chain_id: 123, other: 1 };
    const values = readParameters(authenticate, {}, body);
    expect(values).toEqual({ email: 'info@spaaza.com', password: 'ThisIsEasyToGuess', spaaza_chain_id: 123 });
    expectTypeOf(values).toEqualTypeOf<{ email: string; password: string; spaaza_chain_id: number | undefined }>();
  });

  it('knows from the specs what is always there', () => {
    const values = readParameters(update, {}, { user_info: { user_id: '1' } });
    expect(values).toEqual({ user_info: { user_id: '1' }, create_if_not_exists: false });
    expectTypeOf(values).toEqualTypeOf<{ user_info: unknown; create_if_not_exists: boolean }>();
  });

  it('accepts camelCase and prefers it', () => {
    const body = { email: 'a', password: 'b', spaaza_chain_id: 1, spaazaChainId: 2 };
    expect(readParameters(authenticate, {}, body).spaaza_chain_id).toBe(2);
    expect(readParameters(update, {}, { userInfo: 1, createIfNotExists: 'yes' }).create_if_not_exists).toBe(true);
  });

  it('takes null for absent, in camelCase too', () => {
    const body = { email: 'a', password: 'b', spaaza_chain_id: 1, spaazaChainId: null };
    expect(readParameters(authenticate, {}, body).spaaza_chain_id).toBe(1);
    expect(readParameters(authenticate, {}, { ...body, spaaza_chain_id: null }).spaaza_chain_id).toBeUndefined();
    expect(readParameters(update, {}, { user_info: 1, create_if_not_exists: null }).create_if_not_exists).toBe(false);
  });

  it('lets the query beat the body, the last of a repeated key', () => {
    const body = { email: 'd@e.f', password: 'x' };
    expect(readParameters(authenticate, { email: 'a@b.c' }, body).email).toBe('a@b.c');
    expect(readParameters(authenticate, { email: ['a', 'b'] }, body).email).toBe('b');
  });

  it('names one missing parameter by itself and several together, in the order of the service', () => {
    expect(refusalOf(() => readParameters(authenticate, {}, { email: 'a' })).body).toStrictEqual({
      message: '"%fieldName" is required. Enter and try again.',
      parameters: { fieldName: 'password' },
    });
    const { errors, message } = refusalOf(() => readParameters(authenticate, {}, { password: null })).body;
    expect(message).toBe('One or more input exceptions have occurred.');
    expect(errors?.map(({ parameters }) => parameters)).toStrictEqual([
      { fieldName: 'email' },
      { fieldName: 'password' },
    ]);
    expect(refusalOf(() => readParameters(update, {}, {})).body.parameters).toStrictEqual({ fieldName: 'user_info' });
  });

  it('takes an empty text for present', () => {
    expect(readParameters(authenticate, {}, { email: '', password: '' })).toEqual({ email: '', password: '' });
  });

  it('complains about a wrong type before a missing parameter', () => {
    const refusal = refusalOf(() => readParameters(authenticate, {}, { spaaza_chain_id: 'abc' }));
    expect(refusal.body).toStrictEqual({ message: typeMessage('abc', 'int') });
  });

  it('finds nothing that objects inherit', () => {
    const specs = [
      { name: 'constructor', type: 'mixed' },
      { name: 'to_string', type: 'mixed' },
    ] as const;
    expect(readParameters(specs, {}, {})).toEqual({});
  });

  it('passes a mixed parameter through verbatim', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(value !== null);
        expect(readParameters(update, {}, { user_info: value }).user_info).toBe(value);
      }),
    );
  });

  it('reads or refuses, whatever the input', () => {
    const input = fc.dictionary(
      fc.constantFrom('email', 'password', 'spaaza_chain_id', 'spaazaChainId'),
      fc.anything(),
    );
    fc.assert(
      fc.property(input, input, (query, body) => {
        try {
          const values = readParameters(authenticate, query, body);
          expect(typeof values.email).toBe('string');
          expect(values.spaaza_chain_id === undefined || Number.isSafeInteger(values.spaaza_chain_id)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(WebapiError);
        }
      }),
    );
  });
});

describe('coerceParameter', () => {
  it.each([
    ['a', 'a'],
    [' a ', ' a '],
    [12, '12'],
    [1.5, '1.5'],
    [true, '1'],
    [false, ''],
  ])('makes %j the string %j', (value, text) => {
    expect(coerceParameter(value, 'string')).toBe(text);
  });

  it.each([
    [[], 'array'],
    [{}, 'array'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('refuses %j as a string', (value, shown) => {
    expect(refusalOf(() => coerceParameter(value, 'string')).body.message).toBe(typeMessage(shown, 'string'));
  });

  it.each([
    [5, 5],
    [1.9, 1],
    [-1.9, -1],
    ['123', 123],
    ['1.9', 1],
    ['1e2', 100],
    ['.5', 0],
    ['-0.5', 0],
    ['007', 7],
    [' 8 ', 8],
    [1e300, Number.MAX_SAFE_INTEGER],
    ['-1e999', Number.MIN_SAFE_INTEGER],
  ])('makes %j the int %j', (value, int) => {
    expect(coerceParameter(value, 'int')).toBe(int);
  });

  it.each([
    ['', ''],
    [' ', ' '],
    ['abc', 'abc'],
    ['1a', '1a'],
    ['0x1A', '0x1A'],
    ['Infinity', 'Infinity'],
    ['1 2', '1 2'],
    [true, '1'],
    [false, ''],
    [[1], 'array'],
    [{}, 'array'],
  ])('refuses %j as an int', (value, shown) => {
    expect(refusalOf(() => coerceParameter(value, 'int')).body.message).toBe(typeMessage(shown, 'int'));
  });

  it('keeps every exact integer, written as a number or as text', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (int) => {
        expect(coerceParameter(int, 'int')).toBe(int + 0);
        expect(coerceParameter(String(int), 'int')).toBe(int + 0);
      }),
    );
  });

  it.each([1, '1', true, 'true', 'TRUE', 'on', 'On', 'yes', 'YES'])('takes %j for true', (value) => {
    expect(coerceParameter(value, 'bool')).toBe(true);
  });

  it.each([0, 2, '', '0', '2', 'y', 'no', 'off', 'false', 'anything', false, [], [1], {}])(
    'takes %j for false',
    (value) => {
      expect(coerceParameter(value, 'bool')).toBe(false);
    },
  );
});
