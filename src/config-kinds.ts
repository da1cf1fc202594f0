import { isIP } from 'node:net';

/** What a setting may hold and how its text is read and written. */
export interface Kind<T> {
  /** Completes "must be …", for faults and documentation. */
  allowed: string;
  /** The value of a text; undefined when it is not allowed. Never throws. */
  parse(text: string): T | undefined;
  /** The text that `parse` reads back as this value. */
  print(value: T): string;
  /** Any text, allowed or not, as it may be shown, where only a part of it must stay hidden. */
  mask?(text: string): string;
}

export interface SpaazaCredential {
  readonly key: string;
  readonly secret: string;
}

// Line breaks and other controls come from files and pastes by accident, and would be hashed or sent along silently.
const CONTROL = /\p{Cc}/u;
const WORDS = new Map(
  Object.entries({ yes: true, on: true, true: true, '1': true, no: false, off: false, false: false, '0': false }),
);

/** Decimal digits only: no sign, no leading zero, both bounds included. */
export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse: (text) => {
      const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
    print: String,
  };
}

/** One of a few words, spelled exactly. */
export function oneOf<const Word extends string>(...words: Word[]): Kind<Word> {
  return {
    allowed: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text),
    print: String,
  };
}

/** A choice of two in any of four spellings and any case; printed as the pair given here. */
export function choice(yes: 'yes' | 'on', no: 'no' | 'off'): Kind<boolean> {
  const others = ['yes/no', 'on/off', 'true/false', '1/0'].filter((pair) => pair !== `${yes}/${no}`);
  return {
    allowed: `${yes} or ${no} (also ${others.join(', ')})`,
    parse: (text) => WORDS.get(text.toLowerCase()),
    print: (value) => (value ? yes : no),
  };
}

/** Any text that is not empty and fits on one line. */
export const lineOfText: Kind<string> = {
  allowed: 'text without line breaks',
  parse: (text) => (text === '' || CONTROL.test(text) ? undefined : text),
  print: String,
};

/** Numbers with dots between them, as an API counts its versions. */
export const versionNumber: Kind<string> = {
  allowed: 'a version such as 1.6.3',
  parse: (text) => (/^\d{1,5}(\.\d{1,5}){1,3}$/.test(text) ? text : undefined),
  print: String,
};

/** A zone that this runtime's Intl knows. */
export const timeZoneName: Kind<string> = {
  allowed: 'an IANA time zone such as Europe/Berlin or UTC',
  parse: (text) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: text });
      return text;
    } catch {
      return undefined;
    }
  },
  print: String,
};

/** An address to listen on, IPv6 without brackets, or a name that resolves to one. */
export const hostName: Kind<string> = {
  allowed: 'an IP address (IPv6 without brackets) or a host name',
  // A last label of digits only would be taken for a shortened IPv4 address: 127.1, or a mistyped 10.0.0.300.
  parse: (text) =>
    isIP(text) !== 0 || (/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text) && !/(^|\.)\d+$/.test(text)) ? text : undefined,
  print: String,
};

/** Where the data lives. The password of a PostgreSQL URL is masked, and all of a text that cannot be understood. */
export const databaseUrl: Kind<string> = {
  allowed: 'sqlite:<path>, or postgres://user:password@host:port/database with special characters percent-encoded',
  parse: (text) => (isSqliteUrl(text) || isPostgresUrl(text) ? text : undefined),
  print: String,
  mask: (text) => {
    if (isSqliteUrl(text)) return text;
    if (!isPostgresUrl(text)) return `${/^[a-z]+:\/\/|^sqlite:/.exec(text)?.[0] ?? ''}***`;
    return text.replace(/^([a-z]+:\/\/[^/?:]*):[^/?]*@/, '$1:***@').replace(/\?.*/, (query) => maskPasswords(query));
  },
};

/** The same for what only PostgreSQL has. */
export const postgresUrl: Kind<string> = {
  ...databaseUrl,
  allowed: 'postgres://user:password@host:port/database with special characters percent-encoded',
  parse: (text) => (isPostgresUrl(text) ? text : undefined),
};

function isSqliteUrl(text: string): boolean {
  // `sqlite://data/foyer.db` is refused: it looks relative, and would be the absolute path /data/foyer.db.
  // In memory every connection would see a database of its own.
  return /^sqlite:(?!\/\/|:memory:)./.test(text) && !CONTROL.test(text);
}

function isPostgresUrl(text: string): boolean {
  const parts = /^postgres(?:ql)?:\/\/([^/?]*)(.*)$/.exec(text);
  // `#`, `@` behind the host and white space are signs of a password that was not encoded; parsed, it would end up in
  // the path or the port, and would be printed there.
  if (!parts || CONTROL.test(text) || /[\s#]/.test(text) || parts[2]!.includes('@')) return false;
  try {
    // No host between `@` and `/` means the local socket to the driver; URL wants one.
    const url = new URL(text.replace('@/', '@localhost/'));
    decodeURIComponent(`${url.username}${url.password}`);
    decodeURI(url.pathname);
    return true;
  } catch {
    return false;
  }
}

function maskPasswords(query: string): string {
  return query.replace(/([^?&=]+)=[^&]*/g, (pair, name: string) =>
    // An encoded name could hide any word; it is not worth decoding.
    /pass|secret|token|%/i.test(name) ? `${name}=***` : pair,
  );
}

/** A Redis server; the parts of a URL that a password could slip into are refused rather than parsed. */
export const redisUrl: Kind<string> = {
  allowed:
    'redis://user:password@host:port/database (rediss:// for TLS) or unix://user:password@/path/of/socket, with special characters percent-encoded',
  parse: (text) => {
    if (CONTROL.test(text) || /[\s?#]/.test(text)) return undefined;
    const isSocket = /^unix:\/\/(?:[^/@]*@)?\/[^@]+$/.test(text);
    if (!isSocket && !/^rediss?:\/\/(?:[^/@]*@)?[^/@]+(?:\/\d{0,4})?$/.test(text)) return undefined;
    try {
      decodeURIComponent(text);
      if (!isSocket) new URL(text);
      return text;
    } catch {
      return undefined;
    }
  },
  print: String,
};

/** Proxies whose forwarding headers count. A prefix of 0 would let every caller choose its own address. */
export const proxyList: Kind<readonly string[]> = {
  allowed: 'a comma-separated list of IP addresses, networks such as 10.0.0.0/8, or the word loopback',
  parse: (text) => {
    const items = text.split(',').map((item) => item.trim());
    return items.every(isProxy) ? items : undefined;
  },
  print: (value) => value.join(','),
};

function isProxy(item: string): boolean {
  if (item === 'loopback') return true;
  const [, address, prefix] = /^([0-9a-f.:]+)(?:\/([1-9]\d{0,2}))?$/i.exec(item) ?? [];
  const version = isIP(address ?? '');
  return version !== 0 && Number(prefix ?? 1) <= (version === 4 ? 32 : 128);
}

/** A base address without credentials or query; a slash at its end is dropped. */
export const httpUrl: Kind<string> = {
  allowed: 'an http:// or https:// address without credentials, query or fragment',
  parse: (text) => {
    if (!/^https?:\/\/[^\s@?#\\/][^\s@?#\\]*$/.test(text) || CONTROL.test(text) || !URL.canParse(text))
      return undefined;
    return text.replace(/\/+$/, '');
  },
  print: String,
  mask: (text) => (/[@?#]/.test(text) ? '***' : text),
};

/** The pair that signs calls to Spaaza; the secret is everything behind the first colon. */
export const spaazaCredential: Kind<SpaazaCredential> = {
  allowed: 'key:secret without spaces',
  parse: (text) => {
    const [, key, secret] = /^([^:\s]+):(\S+)$/.exec(text) ?? [];
    return key === undefined || secret === undefined || CONTROL.test(text) ? undefined : { key, secret };
  },
  print: ({ key, secret }) => `${key}:${secret}`,
};

/** Secrets that all count, so that one can be replaced while its successor is on its way. */
export const secretList: Kind<readonly string[]> = {
  allowed: 'one secret, or several separated by commas, each of at least 8 characters without spaces',
  parse: (text) => {
    const secrets = text.split(',');
    return secrets.every((secret) => /^\S{8,}$/.test(secret) && !CONTROL.test(secret)) ? secrets : undefined;
  },
  print: (value) => value.join(','),
};

/** A text from outside for a message: cut after 100 characters, on one line, with invisible characters made visible. */
export function quote(text: string): string {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return JSON.stringify(shown).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
