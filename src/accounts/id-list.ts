const maxEntries = 1000;
const maxEchoedCharacters = 64;

export type IdList = { ok: true; ids: number[] } | { ok: false; invalid: string };

/**
 * Reads a set of ids from comma-separated text, one number, or an array of numbers and texts of one id each (decisions,
 * go~mus 4). Blanks and duplicates are dropped, first occurrence decides the order; nothing at all is the empty set.
 * An id is a positive safe integer in plain decimal, leading zeros allowed. `invalid` is the first entry that is not,
 * shortened to 64 characters (the type's name when it is no text or number), or the first entry beyond 1000.
 */
export function parseIdList(input: unknown): IdList {
  const ids = new Set<number>();
  let entries = 0;
  for (const entry of entriesOf(input)) {
    const text = textOf(entry);
    if (text === '') continue;
    entries += 1;
    const id = text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
    if (entries > maxEntries || id === 0 || !Number.isSafeInteger(id)) {
      return { ok: false, invalid: text === undefined ? typeName(entry) : shorten(text) };
    }
    ids.add(id);
  }
  return { ok: true, ids: [...ids] };
}

/** Writes ids as the go~mus wire does: descending, comma-separated, the empty string for none (decisions, go~mus 4). */
export function formatIdList(ids: readonly number[]): string {
  return [...ids].sort((left, right) => right - left).join(',');
}

function entriesOf(input: unknown): readonly unknown[] {
  if (typeof input === 'string') return input.split(',');
  return Array.isArray(input) ? input : [input];
}

function textOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry.trim();
  return typeof entry === 'number' ? String(entry) : undefined;
}

function typeName(entry: unknown): string {
  if (entry === null) return 'null';
  return Array.isArray(entry) ? 'array' : typeof entry;
}

function shorten(text: string): string {
  // By code point, so that the cut never leaves half a surrogate pair.
  return Array.from(text.slice(0, 2 * maxEchoedCharacters))
    .slice(0, maxEchoedCharacters)
    .join('');
}
