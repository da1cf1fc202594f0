import type { FastifyRequest } from 'fastify';
import { isRefusedOnPurpose } from '../../accounts/errors.ts';

/**
 * Gives the content type and takes it out of the framework's sight, which would refuse a malformed one with 415: on this
 * wire what the body looks like comes first (decisions, both wires 4).
 */
export function hideContentType(request: FastifyRequest): string | undefined {
  const { headers } = request;
  const contentType = headers['content-type'];
  if (contentType !== undefined) headers['content-type'] = 'application/octet-stream';
  return contentType;
}

/** Thirteen hex digits derived from the request id, so that the report in the answer leads to the log line. */
export function reportIdOf(request: FastifyRequest): string {
  return request.id
    .replace(/[^0-9a-f]/g, '')
    .slice(-13)
    .padStart(13, '0');
}

/** Logs a 5xx with its stack: not what is refused on purpose, and not a client that went away in the middle of its body. */
export function logFault(request: FastifyRequest, error: unknown): void {
  if (isRefusedOnPurpose(error) || request.raw.aborted) return;
  request.log.error({ err: error, report: reportIdOf(request) }, 'request failed');
}
