import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSignatureCheck } from './webhook-signature.ts';

const sign = (secret: string, body: Buffer) => createHmac('sha256', secret).update(body).digest('base64');
const isSigned = createSignatureCheck();

describe('the signature of a webhook', () => {
  it('is the platform’s own: base64 of HMAC-SHA256 over the bytes', () => {
    // From RFC 4231, test case 2.
    const expected = Buffer.from('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'hex');
    const body = Buffer.from('what do ya want for nothing?');
    expect(isSigned(['Jefe'], body, expected.toString('base64'))).toBe(true);
    expect(isSigned(['Jefe'], body, expected.toString('hex'))).toBe(false);
  });

  it('may be made with any of the secrets, and with no other', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom('old', 'new', 'other'), (bytes, secret) => {
        const body = Buffer.from(bytes);
        expect(isSigned(['new', 'old'], body, sign(secret, body))).toBe(secret !== 'other');
      }),
    );
  });

  it('is not right for one byte more, less or other', () => {
    const body = Buffer.from('{"type":"shopper.altered"}');
    const signature = sign('secret', body);
    for (const altered of ['{"type":"shopper.altered"} ', '{"type":"shopper.altered"', '{"type":"shopper.Altered"}']) {
      expect(isSigned(['secret'], Buffer.from(altered), signature)).toBe(false);
    }
  });

  it('is not any other text, and never fails', () => {
    const body = Buffer.from('{}');
    const right = sign('secret', body);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.constant(undefined)), (given) => {
        fc.pre(given !== right);
        expect(isSigned(['secret'], body, given)).toBe(false);
      }),
    );
    expect(isSigned(['secret'], body, right.slice(0, -4))).toBe(false);
    expect(isSigned(['secret'], body, `${right}, ${right}`)).toBe(false);
    expect(isSigned(['secret'], body, Buffer.alloc(32).toString('base64'))).toBe(false);
  });

  it('is never right where there is no secret', () => {
    const body = Buffer.from('{}');
    for (const secret of ['', 'undefined', 'secret']) {
      expect(isSigned(undefined, body, sign(secret, body))).toBe(false);
      expect(isSigned([], body, sign(secret, body))).toBe(false);
    }
  });
});
