import {
  charsetNotSupported,
  contentTypeEmpty,
  contentTypeInvalid,
  contentTypeNotUnderstood,
  decodingError,
} from './webapi-error.ts';
import { parseXml } from './xml-input.ts';

/** What PHP reads by default; deeper nesting is refused (magento-webapi 3.3). */
const maxDepth = 512;
/** Of a form; nothing that this wire knows is deeper than three. */
const mostLevels = 10;

/**
 * Decodes the body of a POST to its top-level parameters, a plain object without a `__proto__` member. No body,
 * `0`, a list, a scalar and null all give `{}`, so that the complaint is about the missing parameters. A body that
 * starts with `{` or `[` and parses is JSON whatever `contentType` says, and real form bodies work as well (decisions,
 * both wires 4); otherwise the content type decides. Throws the 400 WebapiErrors of magento-webapi 3.2 and 3.3.
 */
export function decodeBody(raw: Buffer | string | undefined, contentType: string | undefined): Record<string, unknown> {
  if (raw === undefined || raw.length === 0) return {};
  const text = typeof raw === 'string' ? raw : decodeUtf8(raw);
  if (text === '0') return {};

  const looksLikeJson = text !== undefined && /^[ \t\r\n]*[{[]/.test(text);
  const json = looksLikeJson ? parseJson(text) : undefined;
  if (json !== undefined) return asParameters(json);

  const mediaType = readMediaType(contentType);
  switch (mediaType) {
    case 'application/json':
      return asParameters(orDecodingError(parseJson(orDecodingError(text))));
    case 'application/xml':
    case 'application/xhtml+xml':
    case 'text/xml':
      return asParameters(parseXml(orDecodingError(text)));
    case 'application/x-www-form-urlencoded':
      // What curl sends unless told otherwise: broken JSON is the likelier mistake than a field called `{"email…`.
      if (looksLikeJson) throw decodingError();
      return parseForm(orDecodingError(text));
    default:
      throw contentTypeNotUnderstood(mediaType);
  }
}

/** Undefined for bytes that are not UTF-8. A byte order mark stays, so that JSON refuses it as PHP does. */
function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The type is compared as written: `Application/JSON` is not understood (magento-webapi 3.2). */
function readMediaType(contentType: string | undefined): string {
  if (contentType === undefined || contentType === '') throw contentTypeEmpty();
  const [, mediaType, charset] = /^([a-z\d/\-+.]+)(?:; *charset=(.+))?$/i.exec(contentType) ?? [];
  if (mediaType === undefined) throw contentTypeInvalid();
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') throw charsetNotSupported();
  return mediaType;
}

/** Undefined for what is not JSON, is nested too deeply or escapes half a surrogate pair, all of which PHP refuses. */
function parseJson(text: string): unknown {
  if (isNestedTooDeeply(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const needsCare = text.includes('\\u') || text.includes('__proto__');
  return needsCare && !makeSafe(value) ? undefined : value;
}

function isNestedTooDeeply(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      depth++;
      if (depth > maxDepth) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}

/** Takes `__proto__` members out, at every depth; false when a key or text is not valid Unicode. */
function makeSafe(root: unknown): boolean {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'string' && hasLoneSurrogate(value)) return false;
    if (typeof value !== 'object' || value === null) continue;
    Reflect.deleteProperty(value, '__proto__');
    for (const [key, member] of Object.entries(value)) {
      if (hasLoneSurrogate(key)) return false;
      pending.push(member);
    }
  }
  return true;
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

interface FormFields {
  [name: string]: string | FormFields;
}

/** Text by name, and deeper for `name[key][key]`; of a name given twice the last counts, as in PHP. */
function parseForm(text: string): FormFields {
  const fields: FormFields = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const isNested = /^[^[\]]+(?:\[[^[\]]+\])+$/.test(name);
    const keys = isNested ? (name.match(/[^[\]]+/g) as string[]).slice(0, mostLevels) : [name];
    if (keys.includes('__proto__')) continue;
    const last = keys.pop()!;
    let holder = fields;
    for (const key of keys) {
      const known = Object.hasOwn(holder, key) ? holder[key] : undefined;
      const nested = typeof known === 'object' ? known : {};
      holder[key] = nested;
      holder = nested;
    }
    holder[last] = value;
  }
  return fields;
}

function asParameters(value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function orDecodingError<T>(value: T | undefined): T {
  if (value === undefined) throw decodingError();
  return value;
}
