import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBody, parseBody, scalarText } from './body.ts';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json;charset=UTF-8';
const parse = (text: string, type: string | null = form) => parseBody(Buffer.from(text), type ?? undefined);

describe('parseBody', () => {
  it('reads the documented sign-in, which curl labels a form', () => {
    expect(parse('{"email":"shop-customer@giantmonkey.de","password":"meowmeowmeow"}')).toEqual({
      email: 'shop-customer@giantmonkey.de',
      password: 'meowmeowmeow',
    });
  });

  it.each([json, 'application/json', 'APPLICATION/JSON', 'application/vnd.api+json', 'text/json', 'text/plain', null])(
    'reads an object sent as %s as JSON',
    (type) => {
      expect(parse(' \r\n\t{"newsletter_groups":"1,8"}\n', type)).toEqual({ newsletter_groups: '1,8' });
    },
  );

  it('takes off a byte order mark', () => {
    expect(parse('\ufeff{"a":1}', json)).toEqual({ a: 1 });
  });

  it.each(['', ' \n', '[]', '[{"a":1}]'])('finds no fields in %o', (text) => {
    expect(parse(text, json)).toEqual({});
    expect(parse(text)).toEqual({});
  });

  it.each(['null', '7', '"text"', 'true'])('finds no fields in the JSON scalar %s', (text) => {
    expect(parse(text, json)).toEqual({});
  });

  it('finds no fields without a body or in other content types', () => {
    expect(parseBody(undefined, json)).toEqual({});
    expect(parse('a=1', null)).toEqual({});
    expect(parse('a=1', 'text/plain')).toEqual({});
    expect(parse('--x\r\n', 'multipart/form-data; boundary=x')).toEqual({});
  });

  it.each(['{"email":', '{email:1}', '[1', 'email=1', '{"a":1} x'])('refuses the broken JSON %s', (text) => {
    expect(() => parse(text, json)).toThrow(MalformedBody);
  });

  it('takes what begins like JSON and is broken for broken JSON, whatever the content type', () => {
    expect(() => parse('{"email":"a@example.com"')).toThrow(expect.objectContaining({ format: 'json' }));
  });

  it('refuses bytes that are not UTF-8, in any content type', () => {
    expect(() => parseBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), json)).toThrow(MalformedBody);
    expect(() => parseBody(Buffer.from([0x61, 0x3d, 0xe4]), form)).toThrow(MalformedBody);
    expect(() => parse('a=%E4')).toThrow(MalformedBody);
  });

  it('reads JSON up to 100 levels deep and refuses the next, at any width', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(parse(nested(100))).toHaveProperty('a.a.a');
    expect(() => parse(nested(101))).toThrow(MalformedBody);
    expect(() => parse('['.repeat(130_000) + ']'.repeat(130_000))).toThrow(MalformedBody);
  });

  it('reads a form: decoding, one level of nesting, lists, and the last of a repeated name', () => {
    expect(parse('email=a%40example.com&name=Anna+M%C3%BCller&flag&eq=a=b&x=1&x=2&&=lost')).toEqual({
      email: 'a@example.com',
      name: 'Anna Müller',
      flag: '',
      eq: 'a=b',
      x: '2',
    });
    expect(parse('customer[name]=Bruce&customer%5Bsurname%5D=Wayne&groups[]=1&groups[]=8')).toEqual({
      customer: { name: 'Bruce', surname: 'Wayne' },
      groups: ['1', '8'],
    });
  });

  it('takes deeper nesting for a name as it stands', () => {
    expect(parse('a[b][c]=1&[d]=2&e[=3')).toEqual({ 'a[b][c]': '1', '[d]': '2', 'e[': '3' });
    expect(parse('a[b][]=1&a[c]=2&a[b][]=3&d[][]=4')).toEqual({ a: { b: ['1', '3'], c: '2' }, 'd[][]': '4' });
  });

  it.each([
    'a=1&a[]=2',
    'a=1&a[b]=2',
    'a[]=1&a[b]=2',
    'a[b]=1&a[]=2',
    'a[b]=1&a=2',
    'a[b]=1&a[b][]=2',
    'a[b][]=1&a[b]=2',
    'a=%',
    'a=%zz',
    '%=1',
  ])('refuses the form %s', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ format: 'form' }));
  });

  it('reads 1000 pairs and refuses more', () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=1`).join('&');
    expect(Object.keys(parse(pairs(1000)))).toHaveLength(1000);
    expect(() => parse(pairs(1001))).toThrow(MalformedBody);
  });

  it.each([
    ['{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"b":[{"__proto__":{"polluted":1}}]}}', json],
    ['__proto__[polluted]=1&a[__proto__]=1&__proto__=1&__proto__[]=1', form],
    ['constructor[prototype]=1&toString[polluted]=1', form],
  ])('pollutes no prototype and keeps no __proto__ key: %s', (text, type) => {
    const fields = parse(text, type);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.assign({}, fields)).not.toHaveProperty('polluted');
    expect(JSON.stringify(fields)).not.toContain('__proto__');
  });

  it('gives back every JSON object', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })).filter((value) => {
      return !JSON.stringify(value).includes('__proto__');
    });
    fc.assert(
      fc.property(object, fc.constantFrom(json, form, null), (value, type) => {
        const text = JSON.stringify(value);
        expect(parse(text, type)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('gives back every flat form', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[[\]]|__proto__/.test(text));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'grapheme' })), { selector: ([key]) => key }),
        (pairs) => {
          expect({ ...parse(String(new URLSearchParams(pairs))) }).toEqual(Object.fromEntries(pairs));
        },
      ),
    );
  });

  it('answers any bytes with fields or MalformedBody', () => {
    const bytes = fc.oneof(
      fc.uint8Array().map((array) => Buffer.from(array)),
      fc.string({ unit: fc.constantFrom(...'{}[]":,&=%+a1 _'), maxLength: 40 }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, fc.oneof(fc.constantFrom(json, form, undefined), fc.string()), (raw, type) => {
        try {
          expect(Array.isArray(parseBody(raw, type))).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBody);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('scalarText', () => {
  it.each<[unknown, string | undefined]>([
    ['text', 'text'],
    ['', ''],
    [8, '8'],
    [-1.5, '-1.5'],
    [true, 'true'],
    [false, 'false'],
    [null, undefined],
    [undefined, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [Number.NaN, undefined],
    [{}, undefined],
    [['a'], undefined],
  ])('reads %o as %o', (value, text) => {
    expect(scalarText(value)).toBe(text);
  });
});
