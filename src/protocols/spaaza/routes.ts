import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor, Scope } from '../../accounts/access.ts';
import { AccountError, reasonOf } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';
import { negotiate, type Rendering } from './accept.ts';
import { refuse } from './answer.ts';
import { requireScope, resourceOf } from './authenticate.ts';
import { decodeBody } from './body.ts';
import { routesOf } from './endpoints.ts';
import { refusalOf } from './errors.ts';
import { splitServicePath } from './path.ts';
import { renderJson } from './render-json.ts';
import { hideContentType, logFault, reportIdOf } from './request.ts';
import { cannotBeProcessed, methodNotSupported, noRoute } from './webapi-error.ts';

export interface SpaazaOptions {
  accounts: Accounts;
  networkOf(address: string): string | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Right that a route of the Spaaza wire asks for. */
    scope?: Scope;
  }
  interface FastifyRequest {
    magento: {
      rendering: Rendering;
      segments: readonly string[];
      actor: Actor;
      /** As sent; see `hideContentType`. */
      contentType?: string;
    } | null;
  }
}

/**
 * The Spaaza Magento 2 customer REST API; register under `/rest`. Every route is served with and without a store code.
 * Checks come in Magento's order: Accept, verb, path, route, key, body, parameters (magento-webapi 1.7).
 */
export async function spaaza(app: FastifyInstance, options: SpaazaOptions): Promise<void> {
  const { accounts } = options;
  app.decorateRequest('magento', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler(() => () => true);
  // Key order is part of this wire; compiled serialisers put required members first.
  app.setSerializerCompiler(() => renderJson);

  // Hooks in callback form: a promise for each would be a good part of the time a lookup takes.
  app.addHook('onRequest', (request, _reply, done) => {
    admit(accounts, request);
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    // What matches no route is told so, whatever its body is like (magento-webapi 1.7).
    if (request.routeOptions.config.scope !== undefined) {
      const isRead = request.method === 'POST';
      request.body = isRead ? decodeBody(request.body as Buffer | undefined, request.magento?.contentType) : {};
    }
    done();
  });

  for (const route of routesOf(options)) {
    app.route({ ...route, url: `/V1/spaaza/customer${route.url}` });
    app.route({
      ...route,
      url: `/:storeCode/V1/spaaza/customer${route.url}`,
      schema: { ...route.schema, hide: true },
    });
  }

  app.setErrorHandler((error, request, reply) => {
    const scope = request.routeOptions.config.scope ?? 'customer_read';
    request.refusal = reasonOf(error);
    const refusal = refusalOf(error, { resource: resourceOf(scope), reportId: reportIdOf(request) });
    if (refusal.status >= 500) logFault(request, error);
    return refuse(refusal, request, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = servicePath(request);
    const service = splitServicePath(path, (code) => isStoreCode(accounts, code));
    if (request.method === 'OPTIONS' && service !== 'unprocessable') {
      const allowed = ['GET', 'POST'].filter((method) => isServed(method, service.segments));
      if (allowed.length > 0) return reply.code(200).header('allow', allowed.join(', ')).send();
    }
    if (!['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].includes(request.method)) {
      return refuse(methodNotSupported(request.method), request, reply);
    }
    return refuse(service === 'unprocessable' ? cannotBeProcessed() : noRoute(), request, reply);
  });
}

/** Accept, path, route, maintenance and key, in this order; leaves what it found on the request. */
function admit(accounts: Accounts, request: FastifyRequest): void {
  const rendering = negotiate(request.headers.accept);
  request.magento = { rendering, segments: [], actor: { kind: 'anonymous' } };
  const contentType = hideContentType(request);
  const { scope } = request.routeOptions.config;
  if (scope === undefined) return;
  const service = splitServicePath(servicePath(request), (code) => isStoreCode(accounts, code));
  if (service === 'unprocessable') throw cannotBeProcessed();
  // The router is more lenient: it decodes literals and takes empty segments for variables.
  if (!isServed(request.method === 'HEAD' ? 'GET' : request.method, service.segments)) throw noRoute();
  if (accounts.directory.maintenanceSince !== undefined) {
    throw new AccountError('maintenance', { retryAfterSeconds: 60 });
  }
  const actor = requireScope(accounts, request, scope);
  request.magento = { rendering, segments: service.segments, actor, contentType };
}

function servicePath(request: FastifyRequest): string {
  const [path = ''] = (request.raw.url ?? '').split('?', 1);
  return path.slice('/rest'.length);
}

function isStoreCode(accounts: Accounts, code: string): boolean {
  return accounts.directory.topology.shopByCode(code) !== undefined;
}

/** Literals are compared as sent, undecoded; a variable holds at least one character (magento-webapi 1.4). */
function isServed(method: string, segments: readonly string[]): boolean {
  const [version, vendor, noun, action, first, second] = segments;
  if (version !== 'V1' || vendor !== 'spaaza' || noun !== 'customer') return false;
  const { length } = segments;
  switch (action) {
    case 'authenticate':
    case 'update':
      return method === 'POST' && length === 4;
    case 'user_info':
    case 'user_info_by_email':
      return method === 'GET' && (length === 5 || length === 6) && first !== '' && second !== '';
    default:
      return false;
  }
}
