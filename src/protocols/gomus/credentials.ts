import { isUtf8 } from 'node:buffer';

export interface Credentials {
  accessToken: string;
  client: string;
  uid: string;
}

/** What a customer's device is given to come back with. `expiry` is in unix seconds. */
export interface IssuedCredentials extends Credentials {
  expiry: number;
}

/** Header names in lower case, as Node delivers them. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface CredentialSource {
  headers: RequestHeaders;
  query?: Readonly<Record<string, unknown>> | undefined;
  body?: Readonly<Record<string, unknown>> | undefined;
}

const longestValue = 4096;

/**
 * Reads a customer's credentials from a request; undefined when the token or the uid is missing. Each value is looked
 * for in the headers, then the query, then the body, then the decoded `Authorization` (gomus 2.4; decisions, go~mus 2).
 * Only non-empty strings of at most 4096 characters without control characters count; anything else is passed over. A
 * missing client is "default". The uid is taken as sent, as raw UTF-8 in a header, or percent-encoded as we send it.
 * Never throws.
 */
export function readCredentials(source: CredentialSource): Credentials | undefined {
  const { headers, query, body } = source;
  let decoded: Record<string, unknown> | undefined;
  const fromRest = (name: string): string | undefined => {
    const sent = usable(query?.[name]) ?? usable(body?.[name]);
    if (sent !== undefined) return sent;
    decoded ??= decodeHeaderSet(lastWord(firstHeader(headers, 'authorization'))) ?? {};
    return usable(decoded[name]);
  };

  const accessToken = usable(firstHeader(headers, 'access-token')) ?? fromRest('access-token');
  if (accessToken === undefined) return undefined;
  const uid = usable(readUid(fromUtf8Bytes(firstHeader(headers, 'uid')))) ?? usable(readUid(fromRest('uid')));
  if (uid === undefined) return undefined;
  const client = usable(firstHeader(headers, 'client')) ?? fromRest('client') ?? 'default';
  return { accessToken, client, uid };
}

/**
 * The `Authorization` value the gem sends beside its headers: "Bearer " and the base64 of a JSON object with the same
 * five names, in the gem's order, all values strings (gomus 2.12).
 */
export function formatAuthorization({ accessToken, client, expiry, uid }: IssuedCredentials): string {
  const token = JSON.stringify(accessToken);
  const device = JSON.stringify(client);
  const json = `{"access-token":${token},"token-type":"Bearer","client":${device},"expiry":"${expiry}","uid":${JSON.stringify(writeUid(uid))}}`;
  return `Bearer ${Buffer.from(json).toString('base64')}`;
}

/**
 * The headers of an authenticated answer: the five, which clients store only together, and `Authorization`. An e-mail
 * may hold characters that Node refuses in a header, so in `uid` all but visible ASCII goes out percent-encoded as
 * UTF-8, and a `%` that would read as such a code goes out as `%25`; `readCredentials` undoes both.
 */
export function authHeaders(issued: IssuedCredentials): Record<string, string> {
  return {
    'access-token': issued.accessToken,
    'token-type': 'Bearer',
    client: issued.client,
    expiry: String(issued.expiry),
    uid: writeUid(issued.uid),
    Authorization: formatAuthorization(issued),
  };
}

/**
 * The opaque API key of `Authorization: Bearer <key>`. Undefined for another scheme, for a customer's base64 header set,
 * and for a repetition of the `access-token` header, which one of the public clients sends (gomus 4, redux-auth).
 */
export function bearerKey(headers: RequestHeaders): string | undefined {
  const value = usable(firstHeader(headers, 'authorization'));
  const key = value === undefined ? undefined : /^bearer +([\x21-\x7e]+) *$/i.exec(value)?.[1];
  if (key === undefined || key === firstHeader(headers, 'access-token')) return undefined;
  return decodeHeaderSet(key) === undefined ? key : undefined;
}

function firstHeader(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function usable(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > longestValue) return undefined;
  // PostgreSQL refuses a NUL in text, so control characters must not reach a query. (`\p{Cc}`, at a third of its cost.)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\x00-\x1f\x7f-\x9f]/.test(value) ? undefined : value;
}

function lastWord(value: string | undefined): string | undefined {
  return value === undefined || value.length > longestValue ? undefined : value.trim().split(/\s+/).at(-1);
}

/** Undoes the base64 form; undefined unless the word is strict base64 of a JSON object. */
function decodeHeaderSet(word: string | undefined): Record<string, unknown> | undefined {
  if (word === undefined || word.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(word)) return undefined;
  const bytes = Buffer.from(word, 'base64');
  if (bytes[0] !== 0x7b || !isUtf8(bytes)) return undefined; // an object starts with a brace
  try {
    return JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Node reads header bytes as Latin-1; a client that sent UTF-8 gets its characters back. */
export function fromUtf8Bytes(value: string | undefined): string | undefined {
  if (value === undefined || value.length > longestValue || /^[\x20-\x7e]*$/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return bytes.toString('latin1') === value && isUtf8(bytes) ? bytes.toString('utf8') : value;
}

function readUid(value: string | undefined): string | undefined {
  if (value === undefined || value.length > longestValue) return undefined;
  return value.replace(/(?:%[0-9A-Fa-f]{2})+/g, (codes) => {
    try {
      return decodeURIComponent(codes);
    } catch {
      return codes;
    }
  });
}

function writeUid(uid: string): string {
  return uid.replace(/%(?=[0-9A-Fa-f]{2})|[^\x21-\x7e]+/g, (part) =>
    part === '%'
      ? '%25'
      : [...Buffer.from(part)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );
}
