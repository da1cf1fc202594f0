import type { FastifyInstance, FastifyRequest } from 'fastify';
import { lowerCaseEmail } from '../../accounts/email.ts';
import { AccountError } from '../../accounts/errors.ts';
import type { SignedIn } from '../../accounts/sign-in.ts';
import { announce, bodyOf, contextOf, dropTokenHeaders, requireCustomer } from './authenticate.ts';
import { presentDraft } from './draft.ts';
import { type RefusalContext, sentence } from './errors.ts';
import { hasAccountFields, readAccount } from './input.ts';
import { message } from './messages.ts';
import { presentCustomer } from './present.ts';
import type { GomusWire } from './routes.ts';
import {
  DestroyedAnswer,
  LocaleQuery,
  Refusal,
  ShopHeaders,
  SignUpBody,
  StatusAnswer,
  TokenHeaders,
  UpdateBody,
} from './schemas.ts';

/** Registering, changing and deleting one's own account. */
export async function registrationRoutes(app: FastifyInstance, wire: GomusWire): Promise<void> {
  const { accounts } = wire;
  const notSignedIn = { status: 404, key: 'registrations.user_not_found' } as const;

  // POST /auth (sign-up): 200, not 201 (gomus 2.6). The customer is signed in at once.
  app.post(
    '/auth',
    {
      config: { gomus: { envelope: 'registration' }, hashesPassword: true },
      schema: {
        tags: ['go~mus: account'],
        summary: 'Sign up',
        querystring: LocaleQuery,
        headers: ShopHeaders,
        body: SignUpBody,
        response: { 200: StatusAnswer, 422: Refusal[422], 429: Refusal[429] },
      },
    },
    async (request, reply) => {
      const body = bodyOf(request);
      const locale = wire.localeOf(request);
      if (!hasAccountFields(body)) {
        const refusal = sentence(422, 'validate_sign_up_params', { ...registration, locale, requestId: request.id });
        return reply.code(422).send(refusal.body as never);
      }
      const signedUp = await signUp(wire, request, body).catch((error: unknown) => {
        if (!(error instanceof AccountError) || error.code !== 'validation_failed') throw error;
        throw Object.assign(error, { data: presentDraft(body, locale) });
      });
      announce(reply, signedUp.token);
      return { status: 'success', data: presentCustomer(signedUp, locale, wire.formatTime) };
    },
  );

  // PUT and PATCH /auth (seed "Customer Update"). A body without any known key is refused before the token is looked
  // at; nobody signed in is a 404 (gomus 2.6).
  app.route({
    method: ['PUT', 'PATCH'],
    url: '/auth',
    config: { gomus: { envelope: 'registration', notSignedIn } },
    schema: {
      tags: ['go~mus: account'],
      summary: 'Change the account, newsletter groups included',
      querystring: LocaleQuery,
      headers: TokenHeaders,
      body: UpdateBody,
      response: { 200: StatusAnswer, 401: Refusal[401], 404: Refusal[404], 422: Refusal[422] },
    },
    handler: async (request, reply) => {
      const body = bodyOf(request);
      if (!hasAccountFields(body)) throw new AccountError('nothing_to_update');
      const { session, token, ...account } = await requireCustomer(accounts, request, reply);
      const updated = await accounts.updateOwnAccount(
        { ...readAccount(body), account, sessionId: session.id, shop: wire.shopOf(request) },
        contextOf(request, { kind: 'customer', id: account.customer.id }, wire.networkOf(request.ip)),
      );
      announce(reply, { ...token, uid: lowerCaseEmail(updated.customer.email) });
      return { status: 'success', data: presentCustomer(updated, wire.localeOf(request), wire.formatTime) };
    },
  });

  // DELETE /auth: the account goes; the message names the uid (gomus 2.6). No token headers.
  app.delete(
    '/auth',
    {
      config: {
        gomus: {
          envelope: 'registration',
          notSignedIn: { status: 404, key: 'registrations.account_to_destroy_not_found' },
        },
      },
      schema: {
        tags: ['go~mus: account'],
        summary: 'Delete the account',
        querystring: LocaleQuery,
        headers: TokenHeaders,
        response: { 200: DestroyedAnswer, 404: Refusal[404] },
      },
    },
    async (request, reply) => {
      const { customer, session } = await requireCustomer(accounts, request, reply);
      const actor = { kind: 'customer', id: customer.id } as const;
      const input = { customerId: customer.id, sessionId: session.id };
      await accounts.deleteAccount(input, contextOf(request, actor, wire.networkOf(request.ip)));
      dropTokenHeaders(reply);
      const uid = lowerCaseEmail(customer.email);
      const text = message(wire.localeOf(request), 'registrations.account_with_uid_destroyed', { uid });
      return { status: 'success', message: text };
    },
  );
}

async function signUp(wire: GomusWire, request: FastifyRequest, body: Record<string, unknown>): Promise<SignedIn> {
  const { password, ...input } = readAccount(body);
  return wire.accounts.signUp(
    {
      ...input,
      shop: wire.shopOf(request),
      password: password?.newPassword,
      passwordConfirmation: password?.passwordConfirmation,
    },
    contextOf(request, { kind: 'anonymous' }, wire.networkOf(request.ip)),
  );
}

const registration: Omit<RefusalContext, 'locale' | 'requestId'> = {
  envelope: 'registration',
  notSignedIn: { status: 401, key: 'unauthenticated' },
  shopHost: '',
};
