import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody } from './body.ts';
import { WebapiError } from './webapi-error.ts';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

function messageOf(raw: Buffer | string | undefined, contentType: string | undefined): string {
  try {
    decodeBody(raw, contentType);
  } catch (error) {
    expect(error).toBeInstanceOf(WebapiError);
    expect((error as WebapiError).status).toBe(400);
    return (error as WebapiError).body.message;
  }
  throw new Error('was accepted');
}

describe('an empty body', () => {
  it.each([undefined, '', '0', Buffer.alloc(0), Buffer.from('0')])(
    '%j gives no parameters, whatever its type',
    (raw) => {
      for (const contentType of [undefined, json, 'text/plain', 'nonsense;']) {
        expect(decodeBody(raw, contentType)).toStrictEqual({});
      }
    },
  );
});

describe('a JSON body', () => {
  it.each([undefined, '', json, form, 'text/plain', 'multipart/form-data; boundary=x'])(
    'is known by its start (%j)',
    (type) => {
      expect(decodeBody(Buffer.from(' \r\n\t{"email":"é","n":1.5,"x":null}'), type)).toStrictEqual({
        email: 'é',
        n: 1.5,
        x: null,
      });
    },
  );

  it.each(['5', '"x"', 'true', 'null', '[]', '[{"email":"a"}]'])('%s has no parameters', (text) => {
    expect(decodeBody(text, json)).toStrictEqual({});
  });

  it('keeps the last of duplicate keys', () => {
    expect(decodeBody('{"a":1,"a":2}', json)).toStrictEqual({ a: 2 });
  });

  it.each([
    ['a broken object', '{"email":'],
    ['a trailing comma', '{"a":1,}'],
    ['text after it', '{"a":1} x'],
    ['a form', 'email=a'],
    ['blanks only', '  '],
    ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
    ['half a surrogate pair', '{"a":"\\ud800"}'],
    ['half a surrogate pair in a key', '{"a":{"\\udc00":1}}'],
    ['a depth of 513', `${'['.repeat(513)}${']'.repeat(513)}`],
    ['an enormous depth', '['.repeat(200_000)],
  ])('with %s is a decoding error', (_, raw) => {
    expect(messageOf(raw, json)).toBe('Decoding error.');
  });

  it('may be 512 deep, and brackets in texts do not count', () => {
    const deep = `{"a":${'['.repeat(511)}${']'.repeat(511)}}`;
    expect(Object.keys(decodeBody(deep, json))).toStrictEqual(['a']);
    const text = `\\"${'[{'.repeat(600)}`;
    expect(decodeBody(`{"a":"${text}"}`, json)).toStrictEqual({ a: `"${'[{'.repeat(600)}` });
  });

  it('that is broken is a decoding error under the type curl sends by default', () => {
    expect(messageOf('{"email": "a@b.nl"', form)).toBe('Decoding error.');
  });

  it.each(['__proto__', '\\u005f_proto__', '__\\u0070roto__'])('loses %s members at every depth', (key) => {
    const body = decodeBody(`{"${key}":{"isAdmin":true},"user_info":[{"${key}":{"isAdmin":true},"a":1}],"b":2}`, json);
    expect(Object.keys(body)).toStrictEqual(['user_info', 'b']);
    const copy = Object.assign({}, (body.user_info as object[])[0]) as { isAdmin?: boolean };
    expect(copy).toStrictEqual({ a: 1 });
    expect(copy.isAdmin).toBeUndefined();
  });

  it('comes through as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ stringUnit: 'binary' })), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(decodeBody(Buffer.from(text), form)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('the content type', () => {
  it.each([
    [undefined, 'Content-Type header is empty.'],
    ['', 'Content-Type header is empty.'],
    ['application/json;', 'Content-Type header is invalid.'],
    ['application/json; version=1', 'Content-Type header is invalid.'],
    ['multipart/form-data; boundary=x', 'Content-Type header is invalid.'],
    ['application/json; charset=iso-8859-1', 'UTF-8 is the only supported charset.'],
    ['text/plain', 'Server cannot understand Content-Type HTTP header media type text/plain'],
    ['Application/JSON', 'Server cannot understand Content-Type HTTP header media type Application/JSON'],
  ])('%j is refused', (contentType, message) => {
    expect(messageOf('5', contentType)).toBe(message);
    expect(messageOf('{broken', contentType)).toBe(message);
  });

  it.each(['application/json;charset=UTF-8', 'application/json; charset=utf-8', 'application/json;  charset=Utf-8'])(
    '%j is JSON',
    (contentType) => {
      expect(decodeBody('null', contentType)).toStrictEqual({});
      expect(messageOf('nul', contentType)).toBe('Decoding error.');
    },
  );
});

describe('a form body', () => {
  it('is a flat map of texts, the last of a name counting', () => {
    const text = 'email=a%2Bb%40x.nl&password=two+words&spaaza_chain_id=1&spaaza_chain_id=2&empty=&bare';
    expect(decodeBody(Buffer.from(text), form)).toStrictEqual({
      email: 'a+b@x.nl',
      password: 'two words',
      spaaza_chain_id: '2',
      empty: '',
      bare: '',
    });
  });

  it('has no __proto__ member', () => {
    const body = decodeBody('__proto__=x&a=1', `${form}; charset=UTF-8`);
    expect(body).toStrictEqual({ a: '1' });
  });

  it('must be UTF-8', () => {
    expect(messageOf(Buffer.from([0x61, 0x3d, 0xff]), form)).toBe('Decoding error.');
  });

  it('gives back every text that was encoded', () => {
    const text = fc.string({ unit: 'binary' });
    const name = text.filter((key) => key !== '' && key !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, text, { minKeys: 1, noNullPrototype: true }), (fields) => {
        expect(decodeBody(new URLSearchParams(fields).toString(), form)).toStrictEqual(fields);
      }),
    );
  });
});

describe('an XML body', () => {
  it.each(['application/xml', 'text/xml', 'application/xhtml+xml; charset=utf-8'])(
    'is read under %s',
    (contentType) => {
      expect(decodeBody('<request><email>a@b.nl</email></request>', contentType)).toStrictEqual({ email: 'a@b.nl' });
      expect(decodeBody('<request>5</request>', contentType)).toStrictEqual({});
      expect(messageOf('<request>', contentType)).toBe('Decoding error.');
    },
  );
});
