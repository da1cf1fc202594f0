import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authHeaders, bearerKey, formatAuthorization, readCredentials } from './credentials.ts';

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const set = { 'access-token': 'T', client: 'C', uid: 'bob@example.com' };
const read = { accessToken: 'T', client: 'C', uid: 'bob@example.com' };

/** A uid as it may be stored: any text without control characters or lone surrogates. */
const storedUid = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'%25cCbB aü€😀') }),
  )
  .filter((uid) => uid !== '' && !/\p{Cc}|\p{Cs}/u.test(uid));

describe('readCredentials', () => {
  it.each([
    ['headers', { headers: set }],
    ['the query', { headers: {}, query: set }],
    ['the body', { headers: {}, body: set }],
    ['Authorization', { headers: { authorization: `Bearer ${base64(set)}` } }],
    ['Authorization without a scheme', { headers: { authorization: base64(set) } }],
    ['several places', { headers: { 'access-token': 'T' }, query: { client: 'C' }, body: { uid: 'bob@example.com' } }],
    ['the first of repeated headers', { headers: { ...set, uid: ['bob@example.com', 'eve@example.com'] } }],
  ])('reads them from %s', (_place, source) => {
    expect(readCredentials(source)).toEqual(read);
  });

  it('prefers headers to query to body to Authorization, value by value', () => {
    const all = { query: { ...set, uid: 'query' }, body: { ...set, uid: 'body' } };
    const authorization = base64({ ...set, uid: 'authorization' });
    expect(readCredentials({ ...all, headers: { uid: 'header', authorization } })?.uid).toBe('header');
    expect(readCredentials({ ...all, headers: { authorization } })?.uid).toBe('query');
    expect(readCredentials({ body: all.body, headers: { authorization } })?.uid).toBe('body');
    expect(readCredentials({ headers: { authorization } })?.uid).toBe('authorization');
  });

  it('calls a missing client "default"', () => {
    expect(readCredentials({ headers: { 'access-token': 'T', uid: 'u' } })?.client).toBe('default');
  });

  it.each([
    ['nothing', {}],
    ['no token', { client: 'C', uid: 'u' }],
    ['no uid', { 'access-token': 'T', client: 'C' }],
    ['an empty token', { ...set, 'access-token': '' }],
    ['a control character', { ...set, uid: 'bob\u0000@example.com' }],
    ['an encoded control character', { ...set, uid: 'bob%00@example.com' }],
    ['a value that is too long', { ...set, 'access-token': 'x'.repeat(4097) }],
  ])('finds none in headers with %s', (_what, headers) => {
    expect(readCredentials({ headers })).toBeUndefined();
  });

  it.each([
    ['a number', base64(42)],
    ['a list', base64([set])],
    ['null', base64(null)],
    ['a string', base64('text')],
    ['members that are no strings', base64({ 'access-token': 1, client: 'C', uid: ['u'] })],
    ['broken JSON', Buffer.from('{"uid"').toString('base64')],
    ['bytes that are not UTF-8', Buffer.from('{"access-token":"T","uid":"ü"}', 'latin1').toString('base64')],
    ['url-safe base64', base64({ ...set, x: '>>>???' }).replaceAll('/', '_')],
    ['missing padding', base64({ ...set, x: 'yy' }).replace(/=*$/, '=')],
    ['a huge set', base64({ ...set, x: 'x'.repeat(5000) })],
    ['a raw token', 'some-raw-token'],
    ['nothing', ''],
    ['only blanks', ' \t '],
  ])('passes over an Authorization with %s', (_what, word) => {
    expect(readCredentials({ headers: { authorization: `Bearer ${word}` } })).toBeUndefined();
    expect(readCredentials({ headers: { ...set, authorization: word } })).toEqual(read);
  });

  it('passes over query and body values that are no strings', () => {
    expect(
      readCredentials({ headers: {}, query: { ...set, uid: ['a', 'b'] }, body: { ...set, uid: { a: 1 } } }),
    ).toBeUndefined();
  });

  it.each([
    ['raw UTF-8, which Node reads as Latin-1', Buffer.from('jürgen@müller.de').toString('latin1')],
    ['real Latin-1', 'jürgen@müller.de'],
    ['percent-encoded', 'j%C3%BCrgen@m%C3%BCller.de'],
    ['percent-encoded in lower case', 'j%c3%bcrgen%40m%c3%bcller.de'],
  ])('reads a uid header in %s', (_form, uid) => {
    expect(readCredentials({ headers: { ...set, uid } })?.uid).toBe('jürgen@müller.de');
  });

  it('leaves percent signs that encode nothing as they are', () => {
    expect(readCredentials({ headers: { ...set, uid: '100%de@%zz.example' } })?.uid).toBe('100%de@%zz.example');
  });

  it('never throws and gives only strings', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\u0000', '%', 'C', '3', 'é') }),
      fc.json().map((text) => `Bearer ${Buffer.from(text).toString('base64')}`),
      fc.nat({ max: 200_000 }).map((length) => 'A'.repeat(length)),
      fc.constant(`Bearer ${Buffer.from('{"uid":'.repeat(400)).toString('base64')}`),
      fc.base64String(),
      fc.constant(undefined),
      fc.array(fc.string(), { maxLength: 2 }),
    );
    const names = ['access-token', 'client', 'uid', 'authorization'];
    const headers = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value);
    const fields = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.anything());
    fc.assert(
      fc.property(headers, fields, fields, (sent, query, body) => {
        bearerKey(sent);
        const found = readCredentials({ headers: sent, query, body });
        if (found !== undefined)
          expect(Object.values(found).map((part) => typeof part)).toEqual(Array(3).fill('string'));
      }),
      { numRuns: 500 },
    );
  });
});

describe('authHeaders', () => {
  const issued = { accessToken: 'T', client: 'C', expiry: 1796523061, uid: 'bob@example.com' };

  it('gives the five headers and Authorization, expiry as a string', () => {
    expect(authHeaders(issued)).toEqual({
      'access-token': 'T',
      'token-type': 'Bearer',
      client: 'C',
      expiry: '1796523061',
      uid: 'bob@example.com',
      Authorization: formatAuthorization(issued),
    });
  });

  it("writes the base64 set in the gem's key order", () => {
    const word = formatAuthorization(issued).slice('Bearer '.length);
    expect(Buffer.from(word, 'base64').toString()).toBe(
      '{"access-token":"T","token-type":"Bearer","client":"C","expiry":"1796523061","uid":"bob@example.com"}',
    );
  });

  it('percent-encodes only what a header cannot carry or a reader would decode', () => {
    expect(authHeaders({ ...issued, uid: 'jürgen+a@müller.de' }).uid).toBe('j%C3%BCrgen+a@m%C3%BCller.de');
    expect(authHeaders({ ...issued, uid: '100%@example.com' }).uid).toBe('100%@example.com');
    expect(authHeaders({ ...issued, uid: '100%41@example.com' }).uid).toBe('100%2541@example.com');
  });

  it('can be sent for any uid', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\ud800', '\r', '\n', 'é') })),
        (uid) => {
          for (const [name, value] of Object.entries(authHeaders({ ...issued, uid }))) validateHeaderValue(name, value);
        },
      ),
    );
  });

  it('is read back as it was issued, from the headers, the Authorization and the query', () => {
    fc.assert(
      fc.property(storedUid, (uid) => {
        const { Authorization, ...headers } = authHeaders({ ...issued, uid });
        const expected = { accessToken: 'T', client: 'C', uid };
        expect(readCredentials({ headers })).toEqual(expected);
        expect(readCredentials({ headers: { authorization: Authorization } })).toEqual(expected);
        expect(readCredentials({ headers: {}, query: headers })).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('bearerKey', () => {
  it.each([
    ['Bearer foyer-demo-key', 'foyer-demo-key'],
    ['bearer  abc.def~1+/==', 'abc.def~1+/=='],
    ['Bearer abcd', 'abcd'],
    [`Bearer ${base64([1])}`, base64([1])],
    ['Bearer ', undefined],
    ['Bearer a b', undefined],
    ['Bearer clé', undefined],
    ['Basic dTpw', undefined],
    ['foyer-demo-key', undefined],
    [`Bearer ${'k'.repeat(4096)}`, undefined],
    [undefined, undefined],
  ])('reads %s as %s', (authorization, key) => {
    expect(bearerKey({ authorization })).toBe(key);
  });

  it("does not take a customer's header set for a key", () => {
    expect(bearerKey({ authorization: `Bearer ${base64(set)}` })).toBeUndefined();
    expect(bearerKey({ authorization: `Bearer ${base64({})}` })).toBeUndefined();
  });

  it('does not take a repetition of the access-token header for a key', () => {
    expect(bearerKey({ 'access-token': 'T', authorization: 'Bearer T' })).toBeUndefined();
    expect(bearerKey({ 'access-token': 'T', authorization: 'Bearer K' })).toBe('K');
  });
});
