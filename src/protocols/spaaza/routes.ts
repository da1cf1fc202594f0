import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Actor, Scope } from '../../accounts/access.ts';
import { AccountError } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';
import { outboundView } from '../../accounts/loyalty-link.ts';
import { negotiate, type Rendering } from './accept.ts';
import { contextOf, requireScope, resourceOf } from './authenticate.ts';
import { decodeBody } from './body.ts';
import { refusalOf } from './errors.ts';
import { presentUserInfo, readUserInfo } from './fields.ts';
import { applyFieldsFilter, parseFieldsFilter } from './fields-filter.ts';
import { coerceParameter, readParameters } from './parameters.ts';
import { decodePathSegment, splitServicePath } from './path.ts';
import { presentMagentoCustomer } from './present.ts';
import { renderJson } from './render-json.ts';
import {
  AuthenticateBody,
  AuthenticateResult,
  FieldsQuery,
  MagentoCustomer,
  UpdateBody,
  UserInfo,
  WebapiRefusal,
} from './schemas.ts';
import { cannotBeProcessed, inputErrors, methodNotSupported, noRoute, type WebapiError } from './webapi-error.ts';
import { renderXml } from './xml-output.ts';

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
    magento: { rendering: Rendering; segments: readonly string[]; actor: Actor } | null;
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
    try {
      admit(accounts, request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('preValidation', (request, _reply, done) => {
    try {
      const isRead = request.method === 'POST';
      request.body = isRead ? decodeBody(request.body as Buffer | undefined, request.headers['content-type']) : {};
      done();
    } catch (error) {
      done(error as Error);
    }
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
    const refusal = refusalOf(error, { resource: resourceOf(scope), reportId: reportIdOf(request) });
    if (refusal.status >= 500) request.log.error({ err: error, report: reportIdOf(request) }, 'request failed');
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

/** Accept, path, maintenance and key, in this order; leaves what it found on the request. */
function admit(accounts: Accounts, request: FastifyRequest): void {
  const rendering = negotiate(request.headers.accept);
  request.magento = { rendering, segments: [], actor: { kind: 'anonymous' } };
  const { scope } = request.routeOptions.config;
  if (scope === undefined) return;
  const service = splitServicePath(servicePath(request), (code) => isStoreCode(accounts, code));
  if (service === 'unprocessable') throw cannotBeProcessed();
  if (accounts.directory.maintenanceSince !== undefined) {
    throw new AccountError('maintenance', { retryAfterSeconds: 60 });
  }
  request.magento = { rendering, segments: service.segments, actor: requireScope(accounts, request, scope) };
}

type Route = Pick<RouteOptions, 'method' | 'url' | 'handler' | 'config'> & { schema: object };

/** The documented endpoints; `url` follows `/V1/spaaza/customer`. */
function routesOf({ accounts, networkOf }: SpaazaOptions): Route[] {
  const tags = ['Spaaza Magento 2'];
  const security = [{ apiKey: [] }];
  const refusals = { 400: WebapiRefusal, 401: WebapiRefusal, 404: WebapiRefusal };
  const context = (request: FastifyRequest) => contextOf(request, request.magento!.actor, networkOf(request.ip));

  const userInfoByEmail = async (request: FastifyRequest, reply: FastifyReply) => {
    const segments = request.magento!.segments.slice(4);
    const [rawEmail = '', rawChain] = [...segments].reverse();
    const chainId = rawChain === undefined ? undefined : coerceParameter(decodePathSegment(rawChain), 'int');
    const decoded = decodePathSegment(rawEmail);
    // A literal `+` decodes to a space, which no e-mail holds: look for the plus, but echo what Magento would have
    // looked for (magento-webapi 1.5).
    const email = rawEmail.includes('+') ? decodePathSegment(rawEmail.replaceAll('+', '%2B')) : decoded;
    const profile = await accounts
      .getLoyaltyProfileByEmail({ email, chainId }, context(request))
      .catch((error: unknown) => {
        if (!(error instanceof AccountError) || error.details.lookup?.by !== 'email') throw error;
        throw new AccountError(error.code, { lookup: { ...error.details.lookup, value: decoded } });
      });
    return answer(request, reply, presentUserInfo(outboundView(profile)));
  };
  const userInfoById = async (request: FastifyRequest, reply: FastifyReply) => {
    const value = decodePathSegment(request.magento!.segments[4] ?? '');
    // The document's own example puts an e-mail here (decisions, Spaaza 12).
    if (value.includes('@')) return userInfoByEmail(request, reply);
    const profile = await accounts.getLoyaltyProfile({ customerId: coerceParameter(value, 'int') }, context(request));
    return answer(request, reply, presentUserInfo(outboundView(profile)));
  };
  const read = (url: string, summary: string, handler: Route['handler'], isHidden = false): Route => ({
    method: 'GET',
    url,
    handler,
    config: { scope: 'customer_read' },
    schema: {
      tags,
      security,
      summary,
      hide: isHidden,
      querystring: FieldsQuery,
      response: { 200: UserInfo, ...refusals },
    },
  });

  return [
    {
      method: 'POST',
      url: '/authenticate',
      config: { scope: 'customer_authenticate' },
      schema: {
        tags,
        security,
        summary: 'Check a password',
        body: AuthenticateBody,
        response: { 200: AuthenticateResult, ...refusals },
      },
      // Seed "Customer Authentication". 200 for every outcome of the credentials (decisions, Spaaza 2).
      handler: async (request, reply) => {
        const { email, password, spaaza_chain_id } = readParameters(
          [
            { name: 'email', type: 'string', required: true },
            { name: 'password', type: 'string', required: true },
            { name: 'spaaza_chain_id', type: 'int' },
          ],
          request.query as Record<string, unknown>,
          request.body as Record<string, unknown>,
        );
        const result = await accounts.verifyLogin({ email, password, chainId: spaaza_chain_id }, context(request)).then(
          ({ customer, website, shop }) => ({
            authenticated: true,
            customer_id: customer.id,
            message: null,
            website_code: website.code,
            store_code: shop?.code ?? null,
          }),
          (error: unknown) => ({
            authenticated: false,
            customer_id: null,
            message: refusedLogin(error),
            website_code: null,
            store_code: null,
          }),
        );
        return answer(request, reply, result);
      },
    },
    {
      method: 'POST',
      url: '/update',
      config: { scope: 'customer_write' },
      schema: {
        tags,
        security,
        summary: 'Create or update a customer',
        body: UpdateBody,
        response: { 200: MagentoCustomer, ...refusals },
      },
      // Seed "Customer Update". 200 for create and update alike.
      handler: async (request, reply) => {
        const input = readParameters(
          [
            { name: 'user_info', type: 'mixed', required: true },
            { name: 'create_if_not_exists', type: 'bool', default: false },
            { name: 'spaaza_chain_id', type: 'int' },
            { name: 'website_code', type: 'string' },
            { name: 'store_code', type: 'string' },
          ],
          request.query as Record<string, unknown>,
          request.body as Record<string, unknown>,
        );
        const applied = await accounts.applyLoyaltyUpdate(
          {
            ...readUserInfo(requireObject(input.user_info)),
            createIfMissing: input.create_if_not_exists ?? false,
            chainId: input.spaaza_chain_id,
            websiteCode: input.website_code,
            storeCode: input.store_code,
          },
          context(request),
        );
        const website = accounts.directory.topology.websiteById(applied.profile.customer.websiteId);
        return answer(request, reply, presentMagentoCustomer(applied, website));
      },
    },
    read('/user_info/:customerId', 'User info by customer id', userInfoById),
    read('/user_info_by_email/:customerEmail', 'User info by e-mail', userInfoByEmail),
    read('/user_info_by_email/:spaazaChainId/:customerEmail', 'User info by chain and e-mail', userInfoByEmail),
    // The path of the document's third example, which its own headings do not have (decisions, Spaaza 12).
    read('/user_info/:spaazaChainId/:customerEmail', 'User info by chain and e-mail', userInfoByEmail, true),
  ];
}

/** Gives the result as asked: JSON through the route's compiled schema, a part of it, or XML. */
function answer(request: FastifyRequest, reply: FastifyReply, result: object): FastifyReply | object {
  const filter = (request.query as { fields?: unknown }).fields;
  const { rendering } = request.magento!;
  if (filter === undefined && rendering === 'json') return result;
  const tree = typeof filter === 'string' ? parseFieldsFilter(filter) : undefined;
  // Undefined members are not there on the wire; dropping them first keeps XML and JSON alike.
  const shown = applyFieldsFilter(JSON.parse(JSON.stringify(result)), tree);
  return send(reply, rendering, shown);
}

function refuse(refusal: WebapiError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.code(refusal.status).headers(refusal.headers ?? {});
  return send(reply, request.magento?.rendering ?? 'json', refusal.body);
}

function send(reply: FastifyReply, rendering: Rendering, value: unknown): FastifyReply {
  return rendering === 'xml'
    ? reply.type('application/xml; charset=utf-8').send(renderXml(value))
    : reply.type('application/json; charset=utf-8').serializer(String).send(renderJson(value));
}

/** The result's `message` for a refused login; anything but a refusal of credentials is thrown on. */
function refusedLogin(error: unknown): string {
  if (error instanceof AccountError) {
    if (error.code === 'account_locked') return 'The account is locked.';
    if (error.code === 'account_unconfirmed') return "This account isn't confirmed. Verify and try again.";
    if (error.code === 'invalid_credentials') {
      // Magento already says so on the attempt that locks (magento-webapi 8.1).
      return error.details.lockedNow ? 'The account is locked.' : 'Invalid login or password.';
    }
  }
  throw error;
}

function requireObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const shown = Array.isArray(value) ? 'array' : String(value).slice(0, 64);
  throw inputErrors([
    {
      message: 'Invalid value of "%value" provided for the %fieldName field.',
      parameters: { fieldName: 'user_info', value: shown },
    },
  ]);
}

function servicePath(request: FastifyRequest): string {
  const [path = ''] = (request.raw.url ?? '').split('?', 1);
  return path.slice('/rest'.length);
}

function isStoreCode(accounts: Accounts, code: string): boolean {
  return accounts.directory.topology.shopByCode(code) !== undefined;
}

function isServed(method: string, segments: readonly string[]): boolean {
  const path = segments.slice(0, 4).join('/');
  const isPost = segments.length === 4 && /^V1\/spaaza\/customer\/(authenticate|update)$/.test(path);
  const isGet =
    segments.length > 4 && segments.length <= 6 && /^V1\/spaaza\/customer\/user_info(_by_email)?$/.test(path);
  return method === 'POST' ? isPost : isGet;
}

/** Thirteen hex digits derived from the request id, so that the report in the answer leads to the log line. */
function reportIdOf(request: FastifyRequest): string {
  return request.id
    .replace(/[^0-9a-f]/g, '')
    .slice(-13)
    .padStart(13, '0');
}
