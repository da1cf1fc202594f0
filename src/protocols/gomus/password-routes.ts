import type { FastifyInstance } from 'fastify';
import { bodyOf, contextOf, requireCustomer } from './authenticate.ts';
import { sentence } from './errors.ts';
import { readAccount } from './input.ts';
import { message } from './messages.ts';
import { presentCustomer } from './present.ts';
import type { GomusWire } from './routes.ts';
import { LocaleQuery, PasswordAnswer, PasswordBody, Refusal, TokenHeaders } from './schemas.ts';

/** Changing the password of a signed-in customer. */
export async function passwordRoutes(app: FastifyInstance, wire: GomusWire): Promise<void> {
  const { accounts } = wire;
  const notSignedIn = { status: 401, key: 'unauthorized' } as const;

  // PUT and PATCH /auth/password with credentials: both password fields must be there (gomus 2.6). All other sessions
  // of the customer end (decisions, go~mus 9).
  app.route({
    method: ['PUT', 'PATCH'],
    url: '/auth/password',
    config: { gomus: { envelope: 'password', notSignedIn }, hashesPassword: true },
    schema: {
      tags: ['go~mus: account'],
      summary: 'Change the password',
      querystring: LocaleQuery,
      headers: TokenHeaders,
      body: PasswordBody,
      response: { 200: PasswordAnswer, 401: Refusal[401], 422: Refusal[422] },
    },
    handler: async (request, reply) => {
      const { session, token: _, ...account } = await requireCustomer(accounts, request, reply);
      const locale = wire.localeOf(request);
      const { password, password_confirmation, current_password } = bodyOf(request);
      if (isMissing(password) || isMissing(password_confirmation)) {
        const context = { locale, envelope: 'password', notSignedIn, shopHost: '', requestId: request.id } as const;
        return reply.code(422).send(sentence(422, 'passwords.missing_passwords', context).body as never);
      }
      const current = current_password === undefined ? {} : { current_password };
      const updated = await accounts.updateOwnAccount(
        {
          ...readAccount({ password, password_confirmation, ...current }),
          account,
          sessionId: session.id,
          shop: wire.shopOf(request),
        },
        contextOf(request, { kind: 'customer', id: account.customer.id }, wire.networkOf(request.ip)),
      );
      return {
        success: true,
        data: presentCustomer(updated, locale, wire.formatTime),
        message: message(locale, 'passwords.successfully_updated'),
      };
    },
  });
}

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === '';
