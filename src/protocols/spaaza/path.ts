/** A service path: the store it speaks for and its segments from the version on, still undecoded. */
export interface ServicePath {
  /** A store code, `all` for every store, or undefined when the path names none. */
  store: string | undefined;
  segments: string[];
}

/**
 * Splits the raw path after `/rest`, without query, into store selector and segments; outer slashes do not count. The
 * first segment is a store only if `isStoreCode` knows it exactly as written, or if it is `all`. What follows must start
 * with `V<digits>`, else the request cannot be processed, which is no 404 on this wire. Segments stay raw because
 * literals are compared undecoded. Source: magento-webapi 1.1, 1.2, 1.4.
 */
export function splitServicePath(path: string, isStoreCode: (code: string) => boolean): ServicePath | 'unprocessable' {
  const segments = trimSlashes(path).split('/');
  const [first = ''] = segments;
  let store: string | undefined;
  if (first === 'all' || isStoreCode(first)) {
    store = first;
    segments.shift();
  }
  return /^V\d+$/.test(segments[0] ?? '') ? { store, segments } : 'unprocessable';
}

/**
 * Decodes one raw path segment as form data is decoded: `%XX` as UTF-8 and, kept on purpose, a literal `+` as a space.
 * Never throws: invalid percent sequences stay as they are, invalid UTF-8 becomes U+FFFD. Source: magento-webapi 1.5.
 */
export function decodePathSegment(raw: string): string {
  const spaced = raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** By index rather than by pattern: `/+$` takes quadratic time on a long run of inner slashes. */
function trimSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start++;
  while (end > start && path[end - 1] === '/') end--;
  return path.slice(start, end);
}
