import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Server as NetServer } from 'node:net';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { refuseClientError } from './client-errors.ts';
import { guardHashing } from './hash-gate.ts';
import { lazyLogger } from './log.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the protocol refused the request, for its log line; names of fields, never values. */
    refusal: { reason: string; fields?: string[] } | null;
  }
}

export interface ServerOptions {
  logger: Logger;
  logRequests: 'failed' | 'all' | 'none';
  bodyLimitBytes: number;
  requestTimeoutSeconds: number;
  /** Addresses or networks of proxies whose forwarding headers are believed; empty means none. */
  trustedProxies: readonly string[];
  /** How long a stop leaves resting connections open; see below. */
  closeGraceMs: number;
  /** Throws when a password hash would be refused, which is asked before the body of such a request is read. */
  checkHashRoom(): void;
  /** Called once per answered request with the route's pattern. */
  onAnswer(answer: { method: string; route: string; status: number; milliseconds: number }): void;
}

/** Nothing here is meant to be framed, sniffed, cached or to send a referrer. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

/** Makes the HTTP server all protocols are registered on: limits, request ids, security headers, request log. */
export function createServer(options: ServerOptions): FastifyInstance {
  const requestId = createRequestIds();
  const timeoutMs = options.requestTimeoutSeconds * 1000;
  const app = Fastify({
    // Node looks for late requests every 30 s unless told otherwise, and gives headers a minute of their own.
    http: {
      requestTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      connectionsCheckingInterval: Math.min(timeoutMs, 1_000),
    },
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes,
    genReqId: requestId,
    childLoggerFactory: (logger, bindings) => lazyLogger(logger as Logger, bindings),
    requestIdHeader: false,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    requestTimeout: timeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
    rewriteUrl: (request) => decodableUrl(originForm(request.url ?? '/')),
    clientErrorHandler: (error, socket) => {
      const id = requestId({ headers: {} });
      const status = refuseClientError(error, socket, { ...securityHeaders, 'x-request-id': id });
      if (status === undefined || options.logRequests === 'none') return;
      options.logger.info({ reqId: id, status, reason: error.code }, 'refused');
    },
    frameworkErrors: (_error, request, reply) => {
      reply.headers(securityHeaders).header('x-request-id', request.id);
      const message = 'The request path cannot be read.';
      return (reply as FastifyReply).code(400).send({ message, error: message, errors: [message] });
    },
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders).header('x-request-id', request.id);
    done();
  });
  guardHashing(app, options.checkHashRoom);
  // Node closes only the connections that rest at the moment it is told to stop; those that are being answered would be
  // kept for more requests, and the stop would wait for them.
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
    if (!app.server.listening || options.closeGraceMs === 0) return;
    // Nor may those that rest be closed at that moment: the next request may be on its way, and would be answered with a
    // reset, which a proxy must not repeat a POST after. So no more are let in at first, and a little later they are closed.
    const ended = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(app.server, () => resolve());
    });
    const rest = setTimeout(() => app.server.closeIdleConnections(), options.closeGraceMs);
    await ended;
    clearTimeout(rest);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done(null, payload);
  });
  app.decorateRequest('refusal', null);
  app.addHook('onResponse', (request, reply, done) => {
    done();
    const route = request.routeOptions.url ?? 'unmatched';
    const answer = { method: request.method, route, status: reply.statusCode, milliseconds: reply.elapsedTime };
    options.onAnswer(answer);
    const isLogged = options.logRequests === 'all' || (options.logRequests === 'failed' && reply.statusCode >= 400);
    if (!isLogged) return;
    const ms = Math.round(answer.milliseconds * 10) / 10;
    const line = { method: answer.method, route, status: answer.status, ms, ...request.refusal };
    if (reply.statusCode >= 500) request.log.error(line, 'answered');
    else request.log.info(line, 'answered');
  });
  app.setNotFoundHandler(async (_request, reply) => {
    const message =
      'There is nothing at this address. The APIs start at /api/v4, /rest and /admin/v1; /docs shows them.';
    return reply.code(404).send({ message, error: message, errors: [message] });
  });
  // Outside the protocols only health, metrics and docs live here, and none of them reads a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) {
      const message = statusCode === 413 ? 'The request body is too large.' : 'The request cannot be read.';
      return reply.code(statusCode).send({ message, error: message, errors: [message] });
    }
    request.log.error({ err: error }, 'request failed');
    const message = `Internal error. Mention ${request.id} if you report it.`;
    return reply.code(500).send({ message, error: message, errors: [message] });
  });
  return app;
}

/**
 * Names requests: the caller's own id when it is short and harmless, so that a trace runs through several systems; else
 * 16 hex digits, of which the first half is this process's and the second counts.
 */
function createRequestIds(): (request: Pick<IncomingMessage, 'headers'>) => string {
  const start = randomBytes(4).toString('hex');
  let count = randomBytes(3).readUIntBE(0, 3);
  return ({ headers }) => {
    const given = headers['x-request-id'];
    if (typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given)) return given;
    count = (count + 1) % 0x1_0000_0000;
    return start + count.toString(16).padStart(8, '0');
  };
}

/**
 * Keeps a stray `%`, or encoded bytes that are no text, from ending in the router's own error: Magento takes an invalid
 * sequence as it is written (magento-webapi 1.5), and so do we on both wires.
 */
function decodableUrl(url: string): string {
  if (!url.includes('%')) return url;
  return url
    .replace(/%(?![0-9a-fA-F]{2})/g, '%25')
    .replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => (isText(run) ? run : run.replaceAll('%', '%25')));
}

function isText(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}

/** The path and query of a request target. Clients that speak as to a proxy send a whole address (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
