import { createClient } from '@redis/client';
import fc from 'fast-check';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import {
  choice,
  databaseUrl,
  hostName,
  httpUrl,
  type Kind,
  lineOfText,
  oneOf,
  proxyList,
  redisUrl,
  secretList,
  spaazaCredential,
  timeZoneName,
  versionNumber,
  wholeNumber,
} from './config-kinds.ts';

const kinds: Record<string, Kind<unknown>> = {
  wholeNumber: wholeNumber(0, 65_535),
  oneOf: oneOf('stable', 'rotating'),
  choice: choice('on', 'off'),
  lineOfText,
  versionNumber,
  timeZoneName,
  hostName,
  databaseUrl,
  redisUrl,
  proxyList,
  httpUrl,
  secretList,
  spaazaCredential,
};
/** Texts that come near to what the kinds allow, among any others. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'postgres://u:p@h/?#.,0128sqlit lobackf%') }),
  fc.nat().map(String),
  fc.ipV4(),
  fc.ipV6(),
  fc.webUrl(),
  fc.constantFrom('on', 'NO', 'stable', 'loopback', 'UTC', 'a:b', 'sqlite:x', 'postgres://u:p@h/d', 'redis://u:p@h/1'),
);

describe.each(Object.entries(kinds))('%s', (_, kind) => {
  it('reads what it prints as the same value, and takes any text without failing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const value = kind.parse(text);
        if (value !== undefined) expect(kind.parse(kind.print(value))).toEqual(value);
        if (kind.mask) expect(typeof kind.mask(text)).toBe('string');
      }),
    );
  });

  it('does not take an empty text', () => {
    expect(kind.parse('')).toBeUndefined();
  });
});

describe('wholeNumber', () => {
  it('takes both bounds and nothing beyond them', () => {
    const kind = wholeNumber(1, 10);
    expect(['0', '1', '10', '11'].map((text) => kind.parse(text))).toEqual([undefined, 1, 10, undefined]);
  });

  it.each(['-1', '+1', '01', '1.0', '1e1', '0x1', ' 1', '1 ', '1\n', '٣', '99999999999999999999'])(
    'refuses %j',
    (text) => {
      expect(wholeNumber(0, 1e9).parse(text)).toBeUndefined();
    },
  );
});

describe('oneOf', () => {
  it('takes its words in their own spelling only', () => {
    expect(['all', 'All', ' all', 'constructor'].map(oneOf('failed', 'all').parse)).toEqual([
      'all',
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('choice', () => {
  it.each([
    [true, ['yes', 'on', 'true', '1', 'ON', 'True']],
    [false, ['no', 'off', 'false', '0', 'OFF', 'No']],
    [undefined, ['y', 'enabled', '2', 'toString', 'on ']],
  ])('reads as %j: %j', (value, given) => {
    expect(given.map(choice('yes', 'no').parse)).toEqual(given.map(() => value));
  });
});

describe('lineOfText', () => {
  it('keeps spaces and refuses line breaks and other controls', () => {
    expect(lineOfText.parse(' a b ')).toBe(' a b ');
    expect(['a\n', 'a\r', 'a\u0000b'].map(lineOfText.parse)).toEqual([undefined, undefined, undefined]);
  });
});

describe('hostName', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost', 'foyer.internal', 'a_b', 'web-1'])('takes %s', (text) => {
    expect(hostName.parse(text)).toBe(text);
  });

  it.each(['[::1]', '127.1', '10.0.0.300', '0', 'http://localhost', 'localhost:80', 'a b', 'a..b', '*'])(
    'refuses %s',
    (text) => {
      expect(hostName.parse(text)).toBeUndefined();
    },
  );
});

describe('databaseUrl', () => {
  it.each([
    'sqlite:./data/foyer.db',
    'sqlite:/var/lib/foyer.db',
    'postgres://foyer@db/foyer',
    'postgresql://u:p%40ss@[::1]:5432/foyer?sslmode=require',
    'postgres://u:p@/foyer?host=/var/run/postgresql',
    'postgres:///foyer',
  ])('takes %s', (text) => {
    expect(databaseUrl.parse(text)).toBe(text);
  });

  it.each([
    './data/foyer.db',
    'sqlite:',
    'sqlite://data/foyer.db',
    'mysql://u:secret@h/d',
    'postgres:u:secret@h/d',
    'postgres://u:secret@h:port/d',
    'postgres://u:12#secret@h/d',
    'postgres://u:12/secret@h/d',
    'postgres://u:12?secret@h/d',
    'postgres://u:sec ret@h/d',
    'postgres://u:%ffsecret@h/d',
    'postgres:\n//u:secret@h/d',
    'u:secret@h/d',
  ])('refuses %j and shows nothing behind its scheme', (text) => {
    expect(databaseUrl.parse(text)).toBeUndefined();
    expect(databaseUrl.mask?.(text)).toMatch(/^([a-z]+:(\/\/)?)?\*\*\*$/);
  });

  it.each([
    ['postgres://foyer:secret@db:5432/foyer', 'postgres://foyer:***@db:5432/foyer'],
    ['postgres://a@b:secret@db/foyer', 'postgres://a@b:***@db/foyer'],
    ['postgres://foyer:se@cr:et@db/foyer', 'postgres://foyer:***@db/foyer'],
    ['postgres://:secret@db/foyer', 'postgres://:***@db/foyer'],
    ['postgres://db/foyer?user=u&password=secret&ssl=1', 'postgres://db/foyer?user=u&password=***&ssl=1'],
    ['postgres://db/foyer?p%61ssword=secret', 'postgres://db/foyer?p%61ssword=***'],
    ['postgres://foyer@[::1]:5432/foyer', 'postgres://foyer@[::1]:5432/foyer'],
    ['sqlite:/data/a:b@c.db', 'sqlite:/data/a:b@c.db'],
  ])('shows %s as %s', (text, shown) => {
    expect(databaseUrl.parse(text)).toBe(text);
    expect(databaseUrl.mask?.(text)).toBe(shown);
  });

  it('never shows a password, however it was typed', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'@:/?#%&= a1') });
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        expect(databaseUrl.mask?.(`postgres://foyer:${before}hunter2${after}@db:5432/foyer`)).not.toContain('hunter2');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('redisUrl', () => {
  it.each([
    'redis://valkey',
    'redis://valkey:6379/0',
    'redis://:p%40ss@127.0.0.1:6379',
    'rediss://foyer:p%2Fss@cache.example:6380/15',
    'redis://[::1]:6379',
    'unix:///run/valkey/valkey.sock',
    'unix://foyer:secret@/run/valkey.sock',
  ])('takes %s', (text) => {
    expect(redisUrl.parse(text)).toBe(text);
  });

  it.each([
    'valkey:6379',
    'http://valkey',
    'redis:',
    'redis://',
    'redis://user@',
    'redis://:secret',
    'redis://user:secret',
    'redis://:se/cret@valkey',
    'redis://:se@cret@valkey',
    'redis://:se?cret@valkey',
    'redis://:se#cret@valkey',
    'redis://:se cret@valkey',
    'redis://:%ffsecret@valkey',
    'redis://valkey:secret/0',
    'redis://valkey/database',
    'redis://valkey?password=secret',
    'unix:/run/valkey.sock',
    'unix://run/valkey.sock',
    'unix:///run/valkey.sock\n',
  ])('refuses %j', (text) => {
    expect(redisUrl.parse(text)).toBeUndefined();
  });

  it('takes nothing that the client could not read', () => {
    const near = fc.string({ unit: fc.constantFrom(...'redis://unix:@h.[]%40 ?#1') });
    const begun = fc.tuple(fc.constantFrom('redis://', 'rediss://', 'unix://'), near).map((parts) => parts.join(''));
    fc.assert(
      fc.property(begun, (url) => {
        if (redisUrl.parse(url) !== undefined) expect(() => createClient({ url })).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});

describe('proxyList', () => {
  it.each([
    ['loopback', ['loopback']],
    ['10.0.0.1, 10.1.0.0/16,::1,fd00::/8', ['10.0.0.1', '10.1.0.0/16', '::1', 'fd00::/8']],
  ])('reads %s as a list that the HTTP server takes', (text, list) => {
    expect(proxyList.parse(text)).toEqual(list);
    expect(() => Fastify({ trustProxy: list })).not.toThrow();
  });

  it.each(['true', '*', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.1,', 'proxy', '10.0.0.300'])(
    'refuses %s',
    (text) => {
      expect(proxyList.parse(text)).toBeUndefined();
    },
  );
});

describe('httpUrl', () => {
  it('drops the slash at the end', () => {
    expect(httpUrl.parse('https://api0.spaaza.com/')).toBe('https://api0.spaaza.com');
    expect(httpUrl.parse('http://127.0.0.1:9000/stand-in')).toBe('http://127.0.0.1:9000/stand-in');
  });

  it.each([
    'api0.spaaza.com',
    'ftp://h',
    'http://',
    'http:///h',
    'http://h?x',
    'http://h#x',
    'http://h:port',
    'http://a b',
  ])('refuses %s', (text) => {
    expect(httpUrl.parse(text)).toBeUndefined();
  });

  it('refuses credentials and does not show them', () => {
    expect(httpUrl.parse('https://u:secret@h')).toBeUndefined();
    expect(httpUrl.mask?.('https://u:secret@h')).toBe('***');
  });
});

describe('spaazaCredential', () => {
  it('splits at the first colon', () => {
    expect(spaazaCredential.parse('key:se:cret')).toEqual({ key: 'key', secret: 'se:cret' });
  });

  it.each(['key', 'key:', ':secret', 'key: secret', 'key:secret\n'])('refuses %j', (text) => {
    expect(spaazaCredential.parse(text)).toBeUndefined();
  });
});

describe('secretList', () => {
  it('takes one secret or several', () => {
    expect(secretList.parse('whsec_1234')).toEqual(['whsec_1234']);
    expect(secretList.parse('whsec_new1,whsec_old1')).toEqual(['whsec_new1', 'whsec_old1']);
  });

  it.each(['short', 'whsec_1234,', ',whsec_1234', 'whsec_1234, whsec_5678', 'whsec_1234,short', 'whsec_12\x0034'])(
    'refuses %j',
    (text) => {
      expect(secretList.parse(text)).toBeUndefined();
    },
  );
});

describe('versionNumber', () => {
  it('takes two to four numbers with dots between them', () => {
    const texts = ['1.6.3', '2.0', '1.6.3.1', '1', 'v1.6.3', '1.6.', '1.6.3-rc', '1.2.3.4.5', ''];
    expect(texts.filter((text) => versionNumber.parse(text) === text)).toEqual(['1.6.3', '2.0', '1.6.3.1']);
  });
});

describe('timeZoneName', () => {
  it('takes zones that exist and no others', () => {
    expect(['Europe/Berlin', 'UTC', 'Europe/Atlantis', 'CEST'].map(timeZoneName.parse)).toEqual([
      'Europe/Berlin',
      'UTC',
      undefined,
      undefined,
    ]);
  });
});
