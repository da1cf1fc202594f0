import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger, lazyLogger } from './log.ts';

/** A logger at its most talkative, and what it has written. */
function written(write: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  write(createLogger('trace', destination as never));
  return text;
}

const secret = 's3cr3t';

describe('createLogger', () => {
  it.each([
    'password',
    'password_confirmation',
    'current_password',
    'authorization',
    'access-token',
    'body',
    'headers',
  ])('hides %s wherever it lies, up to two levels deep', (name) => {
    const text = written((logger) => {
      logger.info({ [name]: secret });
      logger.info({ input: { [name]: secret } });
      logger.info({ request: { input: { [name]: secret } } });
    });
    expect(text).not.toContain(secret);
    expect(text.match(/\*\*\*/g)).toHaveLength(3);
  });

  it('writes nothing of a request or an answer it is handed whole', () => {
    expect(written((logger) => logger.info({ req: { url: secret }, res: { headers: secret } }))).not.toContain(secret);
  });

  it('writes an error with its causes, three deep, and nothing else they carry', () => {
    const cause = Object.assign(new Error('no such table'), { code: 'SQLITE_ERROR', parameters: [secret] });
    const error = Object.assign(new Error('could not sign in', { cause }), { detail: secret, rawPacket: secret });
    const text = written((logger) => logger.error({ err: error }));
    expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({
      err: {
        type: 'Error',
        message: 'could not sign in',
        stack: expect.stringContaining('log.test.ts'),
        cause: { message: 'no such table', code: 'SQLITE_ERROR' },
      },
    });
  });

  it('withholds the message of an error that quotes what it could not read, and keeps its place', () => {
    const parse = (): unknown => {
      try {
        return JSON.parse(secret);
      } catch (error) {
        return error;
      }
    };
    expect(String(parse())).toContain(secret);
    const outOfRange = Object.assign(new Error(`invalid input syntax for type bigint: "${secret}"`), { code: '22P02' });
    for (const error of [parse(), new Error('malformed body', { cause: parse() }), outOfRange]) {
      const text = written((logger) => {
        logger.error({ err: error }, 'request failed');
        logger.error({ err: error });
        logger.error(error);
      });
      expect(text).not.toContain(secret);
      expect(text.match(/withheld/g)).toHaveLength(3);
      expect(text).toContain('log.test.ts');
    }
  });

  it('says of a thrown text only that it was one', () => {
    const text = written((logger) => logger.error({ err: secret }));
    expect(JSON.parse(text).err).toEqual({ type: 'string', message: 'not an error object' });
  });
});

describe('lazyLogger', () => {
  it('writes lines like a child with the bindings, at the enabled levels only', () => {
    const text = written((logger) => {
      logger.level = 'info';
      const lazy = lazyLogger(logger, { reqId: 'r-1' });
      lazy.debug('not this');
      lazy.info({ password: secret }, 'this');
      lazy.child({ more: 1 }).error('and this');
    });
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { reqId: 'r-1', msg: 'this', password: '***' },
      { reqId: 'r-1', more: 1, msg: 'and this' },
    ]);
  });
});
