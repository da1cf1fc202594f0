import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { RequestContext } from '../../accounts/access.ts';
import { AccountError, isRefusedOnPurpose, reasonOf } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';
import { parseInstant } from '../../accounts/instant.ts';
import { requireAdmin } from './authenticate.ts';
import { noRoute, type Refusal, refusalOf } from './errors.ts';
import { domainField } from './field-names.ts';
import { presentAsOf, presentConsents, presentCustomer, presentHistory } from './present.ts';
import { Refusals } from './problem-schemas.ts';
import {
  AsOfAnswer,
  AsOfQuery,
  ConsentsAnswer,
  ConsentsQuery,
  CustomerAnswer,
  HistoryAnswer,
  HistoryQuery,
  ReferenceParams,
} from './schemas.ts';

export interface AdminOptions {
  accounts: Accounts;
  /** IANA zone of times without an offset. */
  timeZone: string;
  networkOf(address: string): string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks on the admin wire; set before anything of a request is looked at. */
    admin: RequestContext | null;
  }
}

/**
 * Our own API for administrators; register under `/admin/v1`. Everything needs an API key with `admin_read`. No page of
 * another origin may call it: there are no CORS headers.
 */
export async function admin(app: FastifyInstance, { accounts, timeZone, networkOf }: AdminOptions): Promise<void> {
  app.decorateRequest('admin', null);

  app.addHook('onRequest', (request, _reply, done) => {
    if (accounts.directory.maintenanceSince !== undefined) {
      throw new AccountError('maintenance', { retryAfterSeconds: 60 });
    }
    // What is at which address is no secret; the documentation says it too.
    if (!request.is404) request.admin = requireAdmin(accounts, request, networkOf(request.ip));
    done();
  });

  const tags = ['admin'];
  const security = [{ apiKey: [] }];
  const { 400: badRequest, ...refusals } = Refusals;

  // Everything that is known about one person.
  app.get<{ Params: Static<typeof ReferenceParams> }>(
    '/customers/:reference',
    {
      schema: {
        tags,
        security,
        summary: 'Show everything about a customer',
        params: ReferenceParams,
        response: { 200: CustomerAnswer, ...refusals },
      },
    },
    async ({ params, admin }) =>
      presentCustomer(await accounts.getCustomerDetails(params, admin!), accounts.directory.topology),
  );

  // Who wrote what, when and from where; of an erased account, by its id, the erasure.
  app.get<{ Params: Static<typeof ReferenceParams>; Querystring: Static<typeof HistoryQuery> }>(
    '/customers/:reference/history',
    {
      schema: {
        tags,
        security,
        summary: 'Who wrote each field of a customer, and when',
        params: ReferenceParams,
        querystring: HistoryQuery,
        response: { 200: HistoryAnswer, 400: badRequest, ...withoutGone(refusals) },
      },
    },
    async ({ params: { reference }, query: { field, cursor, limit = 50 }, admin }) =>
      presentHistory(
        await accounts.getCustomerHistory(
          {
            reference,
            field: field === undefined ? undefined : domainField(field),
            beforeId: beforeIdOf(cursor),
            limit,
          },
          admin!,
        ),
      ),
  );

  // The record as it was at a moment.
  app.get<{ Params: Static<typeof ReferenceParams>; Querystring: Static<typeof AsOfQuery> }>(
    '/customers/:reference/as-of',
    {
      schema: {
        tags,
        security,
        summary: 'A customer as it was at a moment',
        params: ReferenceParams,
        querystring: AsOfQuery,
        response: { 200: AsOfAnswer, 400: badRequest, ...refusals },
      },
    },
    async ({ params: { reference }, query: { time }, admin }) => {
      const asOf = parseInstant(time, timeZone);
      if (asOf === undefined) {
        throw new AccountError('validation_failed', { problems: [{ field: 'time', rule: 'invalid', value: time }] });
      }
      const found = await accounts.getCustomerAsOf({ reference, asOf }, admin!);
      return presentAsOf(found, accounts.directory.topology);
    },
  );

  // What the person agreed to and took back.
  app.get<{ Params: Static<typeof ReferenceParams>; Querystring: Static<typeof ConsentsQuery> }>(
    '/customers/:reference/consents',
    {
      schema: {
        tags,
        security,
        summary: 'What a customer agreed to and took back, and when',
        params: ReferenceParams,
        querystring: ConsentsQuery,
        response: { 200: ConsentsAnswer, 400: badRequest, ...refusals },
      },
    },
    async ({ params: { reference }, query: { cursor, limit = 50 }, admin }) =>
      presentConsents(
        await accounts.getCustomerConsents({ reference, beforeId: beforeIdOf(cursor), limit }, admin!),
        accounts.directory.topology,
      ),
  );

  app.setErrorHandler((error, request, reply) => {
    request.refusal = reasonOf(error);
    const refusal = refusalOf(error, request.id);
    // A client that went away is no fault of ours.
    const isFault = refusal.status >= 500 && !isRefusedOnPurpose(error);
    if (isFault && !request.raw.aborted) request.log.error({ err: error }, 'request failed');
    return refuse(refusal, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const isServed = /^\/admin\/v1\/customers\/[^/]+(?:\/history|\/as-of|\/consents)?\/?$/.test(pathOf(request));
    return refuse(noRoute(isServed ? ['GET', 'HEAD'] : [], request.method, request.id), reply);
  });
}

function refuse({ status, headers, body }: Refusal, reply: FastifyReply): FastifyReply {
  return reply.code(status).headers(headers).type('application/problem+json').send(body);
}

/** What a cursor of ours stands for; its form has been checked. */
function beforeIdOf(cursor: string | undefined): number | undefined {
  return cursor === undefined ? undefined : Number(cursor);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** The history of an erased account is what is left of it, and no refusal. */
function withoutGone<Shapes extends { 410: unknown }>({ 410: _, ...others }: Shapes): Omit<Shapes, 410> {
  return others;
}
