import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer } from './http-connection.ts';

const answer = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

describe('readAnswer', () => {
  it('reads a body by its length', () => {
    const read = readAnswer(answer('HTTP/1.1 404 Not Found', 'Content-Length: 4', '', 'nope'));
    expect(read?.status).toBe(404);
    expect(read?.body.toString()).toBe('nope');
  });

  it('puts a chunked body together', () => {
    const read = readAnswer(
      answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '4', 'mu\r\n', '3', 'seu', '0', '', ''),
    );
    expect(read?.body.toString()).toBe('mu\r\nseu');
  });

  it('takes an answer without length and chunks for one without a body', () => {
    expect(readAnswer(answer('HTTP/1.1 204 No Content', 'Date: today', '', ''))?.body.length).toBe(0);
  });

  it('waits for every byte, wherever the network cuts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.nat(), (body, isChunked, cut) => {
        const head = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
        const chunk =
          body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')];
        const rest = isChunked ? [...chunk, Buffer.from('0\r\n\r\n')] : [body];
        const whole = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), ...rest]);
        expect(readAnswer(whole.subarray(0, cut % whole.length))).toBeUndefined();
        expect(readAnswer(whole)?.body.equals(body)).toBe(true);
      }),
    );
  });
});
