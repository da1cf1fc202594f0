import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { AccountError } from '../../accounts/errors.ts';
import { outboundView } from '../../accounts/loyalty-link.ts';
import { answer } from './answer.ts';
import { contextOf } from './authenticate.ts';
import { presentUserInfo, readUserInfo } from './fields.ts';
import { coerceParameter, readParameters } from './parameters.ts';
import { decodePathSegment } from './path.ts';
import { presentMagentoCustomer } from './present.ts';
import type { SpaazaOptions } from './routes.ts';
import {
  AuthenticateBody,
  AuthenticateResult,
  FieldsQuery,
  MagentoCustomer,
  UpdateBody,
  UserInfo,
  WebapiRefusal,
} from './schemas.ts';
import { inputErrors } from './webapi-error.ts';

export type Route = Pick<RouteOptions, 'method' | 'url' | 'handler' | 'config'> & { schema: object };

/** The documented endpoints; `url` follows `/V1/spaaza/customer`. */
export function routesOf({ accounts, networkOf }: SpaazaOptions): Route[] {
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
      config: { scope: 'customer_authenticate', hashesPassword: true },
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
