/** Writes a whole HTTP/1.1 request. `headers` are lines without their end; a body is JSON. */
export function writeRequest(
  method: string,
  path: string,
  host: string,
  headers: readonly string[] = [],
  body?: unknown,
): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Accept: application/json', ...headers];
  if (body === undefined) return `${lines.join('\r\n')}\r\n\r\n`;
  const text = JSON.stringify(body);
  lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`);
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

/** Random whole numbers from 1 to `max`, the same in every run: a 32-bit xorshift. */
export function randomIds(max: number, seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return 1 + ((state >>> 0) % max);
  };
}

/** Random even numbers: customers that writes change. Odd ones stay as seeded, for updates that change nothing. */
export function randomEvenIds(max: number, seed: number): () => number {
  const next = randomIds(Math.max(1, Math.floor(max / 2)), seed);
  return () => 2 * next();
}
