import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AccountError, isRefusedOnPurpose, reasonOf } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';
import type { Shop } from '../../accounts/topology.ts';
import { dropTokenHeaders } from './authenticate.ts';
import { parseBody } from './body.ts';
import { customerRoutes } from './customer-routes.ts';
import { type Envelope, type NotSignedIn, plainly, type RefusalContext, refusalOf } from './errors.ts';
import { chooseLocale } from './locale.ts';
import { lookupRoutes } from './lookup-routes.ts';
import type { Locale } from './messages.ts';
import { passwordRoutes } from './password-routes.ts';
import { registrationRoutes } from './registration-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { createTimeFormatter } from './time.ts';

export interface GomusOptions {
  accounts: Accounts;
  /** IANA zone in which times are shown. */
  timeZone: string;
  /** Version of this server, shown by GET /version. */
  release: string;
  /** Whether sign_in also reads e-mail and password from request headers, as the gem does (gomus 2.13). */
  readsSignInHeaders: boolean;
  networkOf(address: string): string | undefined;
}

/** What the endpoints share. */
export interface GomusWire extends GomusOptions {
  formatTime(isoUtc: string): string;
  localeOf(request: FastifyRequest): Locale;
  shopOf(request: FastifyRequest): Shop;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `isUnsupported` marks a method that only says it is none; it must not appear in `Allow`. */
    gomus?: { envelope: Envelope; notSignedIn?: NotSignedIn; isUnsupported?: true };
  }
}

/**
 * The go~mus v4 customer API; register under `/api/v4`. Bodies are read raw, because the documented sign-in sends JSON
 * under a form content type.
 */
export async function gomus(app: FastifyInstance, options: GomusOptions): Promise<void> {
  const { accounts } = options;
  const wire: GomusWire = {
    ...options,
    formatTime: createTimeFormatter(options.timeZone),
    localeOf: (request) => localeOf(accounts, request),
    shopOf: (request) => accounts.directory.topology.shopByHost(shopHost(request)),
  };

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  // The wire coerces in its own way; schemas here document and serialise, they do not refuse.
  app.setValidatorCompiler(() => () => true);

  // Hooks in callback form: a promise for each would be a good part of the time a token check takes.
  app.addHook('onRequest', (request, _reply, done) => {
    if (accounts.directory.maintenanceSince !== undefined) {
      throw new AccountError('maintenance', { retryAfterSeconds: 60 });
    }
    wire.shopOf(request);
    forgetUnreadableType(request);
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body !== undefined) {
      request.body = parseBody(request.body as Buffer, request.headers['content-type']);
    }
    done();
  });

  const known: { method: string; pattern: RegExp }[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.gomus?.isUnsupported) return;
    const pattern = new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+')}/?$`);
    for (const each of [method].flat()) known.push({ method: each, pattern });
  });

  app.register(sessionRoutes, wire);
  app.register(registrationRoutes, wire);
  app.register(passwordRoutes, wire);
  app.register(lookupRoutes, wire);
  app.register(customerRoutes, wire);

  app.setErrorHandler((error, request, reply) => refuse(wire, error, request, reply));
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    const locale = wire.localeOf(request);
    const refusal =
      allowed.length === 0
        ? plainly(404, 'route_not_found', { locale })
        : plainly(405, 'method_not_allowed', { locale }, { method: request.method });
    if (allowed.length > 0) reply.header('allow', [...new Set(allowed)].join(', '));
    return reply.code(refusal.status).send(refusal.body);
  });
}

function refuse(wire: GomusWire, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { envelope = 'plain', notSignedIn } = request.routeOptions.config.gomus ?? {};
  const context: RefusalContext = {
    locale: wire.localeOf(request),
    envelope,
    notSignedIn: notSignedIn ?? { status: 401, key: 'unauthenticated' },
    shopHost: shopHost(request) ?? '',
    requestId: request.id,
    data: (error as { data?: unknown }).data,
  };
  request.refusal = reasonOf(error);
  const refusal = refusalOf(error, context);
  // The session may have been there when the request came, and ended while a password was hashed.
  if (error instanceof AccountError && error.code === 'not_signed_in') dropTokenHeaders(reply);
  // A client that went away in the middle of its body is no fault of ours.
  const isFault = refusal.status >= 500 && !isRefusedOnPurpose(error);
  if (isFault && !request.raw.aborted) request.log.error({ err: error }, 'request failed');
  return reply
    .code(refusal.status)
    .headers(refusal.headers ?? {})
    .send(refusal.body);
}

/** A content type that is none must not keep JSON from being read: the body decides (decisions, both wires 4). */
function forgetUnreadableType({ raw }: FastifyRequest): void {
  const type = raw.headers['content-type'];
  if (type !== undefined && !/^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/.test(type)) {
    delete raw.headers['content-type'];
  }
}

function shopHost(request: FastifyRequest): string | undefined {
  const header = request.headers['x-shop-url'];
  return Array.isArray(header) ? header[0] : header;
}

/** The language asked for, else the store's; an unknown store does not keep the refusal from having a language. */
function localeOf(accounts: Accounts, request: FastifyRequest): Locale {
  const requested = (request.query as { locale?: unknown } | undefined)?.locale;
  let storeLocale: string | undefined;
  try {
    storeLocale = accounts.directory.topology.shopByHost(shopHost(request)).locale;
  } catch {
    storeLocale = accounts.directory.topology.defaultShop.locale;
  }
  return chooseLocale(requested, storeLocale);
}
