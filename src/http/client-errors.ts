import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What Node reports about bytes that never became a request, or became only half of one. */
export interface ClientError extends Error {
  code?: string;
}

/** Node's mark of the answer under way on a connection; there is no public way to ask. */
type ServedSocket = Socket & { _httpMessage?: { _headerSent?: boolean } | null };

const refusals: Record<string, { status: number; message: string }> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The request headers are too large.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'The chunk extensions of the request body are too large.' },
};
const unreadable = { status: 400, message: 'The request cannot be read as HTTP.' };

/**
 * Answers what cannot be handed to any route, in the shape of our other refusals, and closes the connection: where the
 * next request would begin is not known. Gives the status, or undefined when nothing could be said any more.
 */
export function refuseClientError(
  error: ClientError,
  socket: ServedSocket,
  headers: Readonly<Record<string, string>>,
): number | undefined {
  if (error.code === 'ECONNRESET' || socket.destroyed) return undefined;
  // Once an answer has begun, more bytes would be taken for a part of it.
  if (!socket.writable || socket._httpMessage?._headerSent) {
    socket.destroy();
    return undefined;
  }
  const { status, message } = refusals[error.code ?? ''] ?? unreadable;
  const body = JSON.stringify({ message, error: message, errors: [message] });
  const head = Object.entries({
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
  return status;
}
