import { isUtf8 } from 'node:buffer';
import { isExactNumber } from '../../accounts/free-text.ts';

/** The body cannot be read as what it claims or appears to be; answered with 400. `format` says what it was taken for. */
export class MalformedBody extends Error {
  readonly format: 'json' | 'form' | 'text';

  constructor(format: 'json' | 'form' | 'text', cause?: unknown) {
    super(`malformed ${format} body`, cause === undefined ? undefined : { cause });
    this.name = 'MalformedBody';
    this.format = format;
  }
}

type Fields = Record<string, unknown>;

const deepest = 100;
const mostPairs = 1000;

/**
 * Reads a request body into its fields. What starts with `{` or `[` is JSON whatever the content type says, because the
 * documented sign-in is sent by curl as a form (decisions, both wires 4). A form becomes a flat map; `a[b]=c` nests one
 * level, `a[]=1` and `a[b][]=1` make a list, of a repeated name the last counts. Nothing, a JSON list or scalar, and other content
 * types give no fields. The result never has a `__proto__` key. Throws MalformedBody for invalid UTF-8, broken JSON,
 * JSON over 100 levels deep, a broken percent code, over 1000 form pairs, or a name that is both a value and a container.
 */
export function parseBody(raw: Buffer | undefined, contentType: string | undefined): Fields {
  if (raw === undefined || raw.length === 0) return {};
  if (!isUtf8(raw)) throw new MalformedBody('text');
  const text = raw.toString('utf8').trim(); // also takes off a byte order mark
  if (text === '') return {};

  const mediaType = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (text.startsWith('{') || text.startsWith('[') || /^(?:application|text)\/(?:[^/]+\+)?json$/.test(mediaType)) {
    return parseJson(text);
  }
  return mediaType === 'application/x-www-form-urlencoded' ? parseForm(text) : {};
}

/**
 * The text of a value where a text is expected: form layers turn digits and yes/no into numbers and booleans, so these
 * are turned back (decisions, both wires 3). Undefined for null, lists, objects and numbers that are not what was sent.
 */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || isExactNumber(value)) return String(value);
  return undefined;
}

function parseJson(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedBody('json', error);
  }
  clean(value, deepest);
  return isFields(value) ? value : {};
}

/** Drops every own `__proto__` key, which a later copy could turn into a prototype, and refuses to go too deep. */
function clean(value: unknown, levelsLeft: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (levelsLeft === 0) throw new MalformedBody('json');
  if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
  for (const member of Object.values(value)) clean(member, levelsLeft - 1);
}

function parseForm(text: string): Fields {
  // Without a prototype, so that a field called `constructor` is nothing but a field.
  const fields: Fields = Object.create(null);
  const pairs = text.split('&', mostPairs + 1);
  if (pairs.length > mostPairs) throw new MalformedBody('form');
  for (const pair of pairs) {
    const [, name, value] = /^([^=]*)=?(.*)$/s.exec(pair)!;
    assign(fields, decode(name!), decode(value!));
  }
  return fields;
}

function assign(fields: Fields, name: string, value: string): void {
  const [, outer = name, inner, list] = /^([^[\]]+)(?:\[([^[\]]+)\])?(\[\])?$/.exec(name) ?? [];
  if (name === '' || outer === '__proto__' || inner === '__proto__') return;
  let [holder, key] = [fields, outer];
  if (inner !== undefined) {
    fields[outer] ??= Object.create(null);
    const nested = fields[outer];
    if (!isFields(nested)) throw new MalformedBody('form');
    [holder, key] = [nested, inner];
  }
  if (list === undefined) {
    if (typeof holder[key] === 'object') throw new MalformedBody('form');
    holder[key] = value;
    return;
  }
  holder[key] ??= [];
  const values = holder[key];
  if (!Array.isArray(values)) throw new MalformedBody('form');
  values.push(value);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch (error) {
    throw new MalformedBody('form', error);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
