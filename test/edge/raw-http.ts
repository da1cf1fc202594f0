import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export interface RawAnswer {
  status: number;
  /** Names in lower case; of a repeated header all values. */
  headers: Record<string, string[]>;
  body: string;
}

/** A connection on which bytes are sent as they are given, for what a well-behaved client would never send. */
export interface RawConnection {
  socket: Socket;
  /** Of text each character is one byte. */
  send(bytes: string): void;
  /** Everything received so far, each byte as one character. */
  received(): string;
  /** Resolves with all that was received once so many answers are there or the server has closed the connection. */
  answers(count?: number): Promise<RawAnswer[]>;
  /** Resolves when the connection is closed, by whichever side. */
  closed: Promise<void>;
  close(): void;
}

/** Connects to the server at a base address. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let isClosed = false;
  let notify = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    notify();
  });
  // A reset is one of the ways to be closed.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) =>
    socket.on('close', () => {
      isClosed = true;
      notify();
      resolve();
    }),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    received: () => text,
    answers: (count = 1) =>
      new Promise((resolve) => {
        notify = () => {
          const answers = parseAnswers(text);
          if (isClosed || answers.length >= count) resolve(answers);
        };
        notify();
      }),
    closed,
    close: () => void socket.destroy(),
  };
}

/** Sends bytes on a connection of their own and gives the first answer; undefined when the server just closes. */
export async function sendRaw(url: string, bytes: string): Promise<RawAnswer | undefined> {
  const connection = await openRaw(url);
  connection.send(bytes);
  const [answer] = await connection.answers();
  connection.close();
  return answer;
}

/**
 * Writes a request: the lines, an empty line, the body, each character one byte. `content-length` is added unless a line
 * names it.
 */
export function requestBytes(lines: readonly string[], body = ''): string {
  const isLengthGiven = lines.some((line) => /^(?:content-length|transfer-encoding):/i.test(line));
  const length = isLengthGiven || body === '' ? [] : [`content-length: ${body.length}`];
  return `${[...lines, ...length].join('\r\n')}\r\n\r\n${body}`;
}

/** Cuts a stream of answers into answers; an unfinished one at the end is left out. */
export function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers: Record<string, string[]> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()];
    }
    const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(statusLine)?.[1]);
    rest = rest.slice(end + 4);
    if (status === 100) continue;
    const body = takeBody(rest, headers);
    if (body === undefined) return answers;
    rest = rest.slice(body.length);
    answers.push({ status, headers, body: body.text });
  }
}

function takeBody(rest: string, headers: RawAnswer['headers']): { text: string; length: number } | undefined {
  if (headers['transfer-encoding']?.[0] !== 'chunked') {
    const length = Number(headers['content-length']?.[0] ?? 0);
    return rest.length < length ? undefined : { text: utf8(rest.slice(0, length)), length };
  }
  let text = '';
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.slice(at, lineEnd), 16);
    if (rest.length < lineEnd + 2 + size + 2) return undefined;
    text += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
    if (size === 0) return { text: utf8(text), length: at };
  }
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
