import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { ask } from './client.ts';

// Anything at all, and more often what is nearly right or tries to be clever.
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    '402',
    '0402',
    '-1',
    '9007199254740993',
    '99999999999999999999',
    '402;drop table history',
    "' or 1=1 --",
    '%00',
    '\u0000',
    '..',
    'info@spaaza.com',
    '@',
    '2024-05-17',
    '2024-05-17T10:00:00+02:00',
    '0000-00-00',
    '9999-12-31T23:59:59Z',
    'phone',
    'link.123.memberNumber',
    'link.99999999999999999999.memberNumber',
    'conflict.1.x',
    '__proto__',
    'constructor',
    'x'.repeat(3000),
  ),
);
// Encoded as it should be, or with stray percent signs and slashes.
const onTheWire = fc.tuple(hostile, fc.boolean()).map(([text, isEncoded]) => {
  const encoded = encodeURIComponent(Buffer.from(text).toString());
  return isEncoded ? encoded : encoded.replaceAll('%25', '%').replaceAll('%2F', '/').replaceAll('%3A', ':');
});
const query = fc
  .array(fc.tuple(fc.constantFrom('field', 'cursor', 'limit', 'time', 'x'), onTheWire), { maxLength: 4 })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`));
const path = fc.constantFrom('', '/history', '/as-of', '/consents');

describeOnServers('any reference and any parameters', (server) => {
  it('are answered or refused in our shape, and never are our fault', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(onTheWire, fc.constant('402')),
        path,
        query,
        async (reference, resource, parameters) => {
          const { status, json, headers } = await ask(server, `/customers/${reference}${resource}${parameters}`);
          expect([200, 400, 404]).toContain(status);
          if (status === 200) return;
          expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
          expect(json).toMatchObject({ status, code: expect.any(String), request_id: headers['x-request-id'] });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('tell who has no key nothing at all', async () => {
    await fc.assert(
      fc.asyncProperty(onTheWire, path, query, async (reference, resource, parameters) => {
        const answer = await ask(server, `/customers/${reference}${resource}${parameters}`, { key: null });
        expect([401, 404]).toContain(answer.status);
        if (answer.status === 404) expect(answer.json.code).toBe('route_not_found');
      }),
      { numRuns: 60 },
    );
  });
});
