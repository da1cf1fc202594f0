import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Scope } from '../../accounts/access.ts';
import { bodyOf, contextOf, requirePartner } from './authenticate.ts';
import { plainly } from './errors.ts';
import { readRecord } from './input.ts';
import { pagingOf } from './lookup-routes.ts';
import { presentRecord } from './present.ts';
import type { GomusWire } from './routes.ts';
import { CustomerAnswer, CustomerBody, CustomersAnswer, ListQuery, LocaleQuery, Refusal } from './schemas.ts';

/** The customers resource for partners with an API key (gomus 1.6); `:id` is our id first, then a foreign id. */
export async function customerRoutes(app: FastifyInstance, wire: GomusWire): Promise<void> {
  const { accounts } = wire;
  const tags = ['go~mus: customers'];
  const security = [{ apiKey: [] }];
  const refusals = { 401: Refusal[401], 403: Refusal[403] };

  app.get(
    '/customers',
    {
      schema: {
        tags,
        security,
        summary: 'List and search customers',
        querystring: ListQuery,
        response: { 200: CustomersAnswer, ...refusals },
      },
    },
    async (request) => {
      const { page, perPage } = pagingOf(request, 100);
      const { q } = request.query as { q?: unknown };
      // Of a repeated one the last counts, as in Rails.
      const text = Array.isArray(q) ? q.at(-1) : q;
      const { customers, totalCount } = await accounts.listCustomers(
        { text: typeof text === 'string' ? text : '', page, perPage },
        partnerContext(wire, request, 'customer_read'),
      );
      const locale = wire.localeOf(request);
      return {
        customers: customers.map((customer) => presentRecord(customer, locale, wire.formatTime)),
        meta: { total_count: totalCount, page, per_page: perPage },
      };
    },
  );

  app.get(
    '/customers/:id',
    {
      schema: {
        tags,
        security,
        summary: 'Show a customer',
        querystring: LocaleQuery,
        response: { 200: CustomerAnswer, 404: Refusal[404], ...refusals },
      },
    },
    async (request) => {
      const found = await accounts.getCustomer(
        { reference: referenceOf(request) },
        partnerContext(wire, request, 'customer_read'),
      );
      return { customer: presentRecord(found, wire.localeOf(request), wire.formatTime) };
    },
  );

  app.post(
    '/customers',
    {
      schema: {
        tags,
        security,
        summary: 'Create a customer',
        body: CustomerBody,
        response: { 201: CustomerAnswer, 422: Refusal[422], ...refusals },
      },
    },
    async (request, reply) => {
      const context = partnerContext(wire, request, 'customer_write');
      const record = recordOf(request);
      if (record === undefined) return missingCustomer(wire, request, reply);
      const created = await accounts.createCustomer({ ...readRecord(record), shop: wire.shopOf(request) }, context);
      return reply.code(201).send({ customer: presentRecord(created, wire.localeOf(request), wire.formatTime) });
    },
  );

  app.route({
    method: ['PUT', 'PATCH'],
    url: '/customers/:id',
    schema: {
      tags,
      security,
      summary: 'Change a customer',
      body: CustomerBody,
      response: { 200: CustomerAnswer, 404: Refusal[404], 422: Refusal[422], ...refusals },
    },
    handler: async (request, reply) => {
      const context = partnerContext(wire, request, 'customer_write');
      const record = recordOf(request);
      if (record === undefined) return missingCustomer(wire, request, reply);
      const updated = await accounts.updateCustomer(
        { ...readRecord(record), reference: referenceOf(request) },
        context,
      );
      return { customer: presentRecord(updated, wire.localeOf(request), wire.formatTime) };
    },
  });
}

function partnerContext(wire: GomusWire, request: FastifyRequest, scope: Scope) {
  return contextOf(request, requirePartner(wire.accounts, request, scope), wire.networkOf(request.ip));
}

function referenceOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

/** The body is wrapped in `customer`, unlike the flat bodies under /auth (gomus 1.6). */
function recordOf(request: FastifyRequest): Record<string, unknown> | undefined {
  const { customer } = bodyOf(request);
  if (typeof customer !== 'object' || customer === null || Array.isArray(customer)) return undefined;
  return customer as Record<string, unknown>;
}

function missingCustomer(wire: GomusWire, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = plainly(422, 'missing_customer', { locale: wire.localeOf(request) });
  return reply.code(refusal.status).send(refusal.body);
}
