import { connect, type Socket } from 'node:net';

export interface Answer {
  status: number;
  /** Status line and headers as received, without the empty line. */
  head: string;
  body: Buffer;
}

type OnAnswer = (answer: Answer | Error) => void;

/**
 * One keep-alive HTTP/1.1 connection with one request at a time. It reads just enough of the protocol to find the end of
 * an answer, so that two of them cost less than the server they load; Node's own client costs as much as a server.
 */
export class HttpConnection {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: OnAnswer | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** Sends a whole request, head and body; connects first where needed. `onAnswer` is called exactly once. */
  send(request: string, onAnswer: OnAnswer): void {
    this.#waiting = onAnswer;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
    this.#finish(new Error('closed'));
  }

  #open(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    this.#received = Buffer.alloc(0);
    const lost = (error: Error): void => {
      if (this.#socket === socket) this.#socket = undefined;
      socket.destroy();
      this.#finish(error);
    };
    socket.on('error', lost);
    socket.on('close', () => {
      if (this.#socket === socket) lost(new Error('The server closed the connection'));
    });
    socket.on('data', (chunk) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      const answer = readAnswer(this.#received);
      if (answer === undefined) return;
      this.#received = Buffer.alloc(0);
      this.#finish(answer);
    });
    return socket;
  }

  #finish(answer: Answer | Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(answer);
  }
}

const noBody = Buffer.alloc(0);

/** The answer that the bytes hold, or undefined while it is not complete. */
export function readAnswer(bytes: Buffer): Answer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const start = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return bytes.length < end ? undefined : { status, head, body: bytes.subarray(start, end) };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = readChunks(bytes, start);
    return body && { status, head, body };
  }
  return { status, head, body: noBody };
}

function readChunks(bytes: Buffer, start: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
