import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePathSegment, splitServicePath } from './path.ts';

const isStoreCode = (code: string) => code === 'default' || code === 'nl_shop';

describe('splitServicePath', () => {
  it.each([
    ['/V1/customers/1', undefined, ['V1', 'customers', '1']],
    ['/default/V1/customers/1', 'default', ['V1', 'customers', '1']],
    ['/all/V1/customers/1', 'all', ['V1', 'customers', '1']],
    ['/V1/customers/1/', undefined, ['V1', 'customers', '1']],
    ['//V1/customers/1//', undefined, ['V1', 'customers', '1']],
    ['/V1/customers//1', undefined, ['V1', 'customers', '', '1']],
    ['/V12/x', undefined, ['V12', 'x']],
    ['/V1', undefined, ['V1']],
    ['/nl_shop/V1/a%2Fb/c+d', 'nl_shop', ['V1', 'a%2Fb', 'c+d']],
  ])('splits %s', (path, store, segments) => {
    expect(splitServicePath(path, isStoreCode)).toStrictEqual({ store, segments });
  });

  it.each([
    '',
    '/',
    '/default',
    '/all/',
    '/nosuch/V1/customers/1',
    '/Default/V1/customers/1',
    '/ALL/V1/customers/1',
    '/v1/customers/1',
    '/V/customers/1',
    '/all/default/V1/customers/1',
    '/async/V1/customers',
    '/schema',
  ])('cannot process %j', (path) => {
    expect(splitServicePath(path, isStoreCode)).toBe('unprocessable');
  });

  it('gives back the segments it was joined from', () => {
    const segment = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(fc.constantFrom(undefined, 'default', 'all'), fc.array(segment), (store, rest) => {
        const segments = ['V1', ...rest];
        const path = `/${[...(store === undefined ? [] : [store]), ...segments].join('/')}`;
        expect(splitServicePath(path, isStoreCode)).toStrictEqual({ store, segments });
      }),
    );
  });
});

describe('decodePathSegment', () => {
  it.each([
    ['roni_cost@example.com', 'roni_cost@example.com'],
    ['roni%40example.com', 'roni@example.com'],
    ['a%2Bb@x.nl', 'a+b@x.nl'],
    ['a+b@x.nl', 'a b@x.nl'],
    ['a%20b', 'a b'],
    ['a%2Fb', 'a/b'],
    ['%C3%A9%e2%98%ba', 'é☺'],
    ['100%', '100%'],
    ['%zz%4', '%zz%4'],
    ['%%41', '%A'],
    ['%2541', '%41'],
    ['%ff', '\ufffd'],
    ['', ''],
  ])('decodes %j as %j', (raw, decoded) => {
    expect(decodePathSegment(raw)).toBe(decoded);
  });

  it('undoes the percent encoding of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodePathSegment(encodeURIComponent(text))).toBe(text);
      }),
    );
  });

  it('never throws and never lets a plus through that was not encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('%', '+', 'a', '0', 'f', 'C', '3') }), (raw) => {
        const encoded = raw.match(/%2b/gi)?.length ?? 0;
        expect(decodePathSegment(raw).split('+').length - 1).toBe(encoded);
      }),
    );
  });
});
