import type { FastifyInstance, FastifyRequest } from 'fastify';
import { announce, bodyOf, contextOf, credentialsOf, dropTokenHeaders, requireCustomer } from './authenticate.ts';
import { scalarText } from './body.ts';
import { fromUtf8Bytes } from './credentials.ts';
import { sentence } from './errors.ts';
import { presentCustomer } from './present.ts';
import type { GomusWire } from './routes.ts';
import {
  DataAnswer,
  LocaleQuery,
  Refusal,
  ShopHeaders,
  SignInBody,
  SuccessAnswer,
  TokenHeaders,
  ValidAnswer,
} from './schemas.ts';

/** Signing in and out, and asking whether a token is still good. */
export async function sessionRoutes(app: FastifyInstance, wire: GomusWire): Promise<void> {
  const { accounts } = wire;

  // POST /auth/sign_in (seed "Customer Sign In"). 401 for every refusal of credentials, also for e-mails of odd types.
  app.post(
    '/auth/sign_in',
    {
      config: { gomus: { envelope: 'session' }, hashesPassword: true },
      schema: {
        tags: ['go~mus: session'],
        summary: 'Sign in',
        querystring: LocaleQuery,
        headers: ShopHeaders,
        body: SignInBody,
        response: { 200: DataAnswer, 401: Refusal[401], 429: Refusal[429], 503: Refusal[503] },
      },
    },
    async (request, reply) => {
      const device = credentialsOf(request);
      const signedIn = await accounts.signIn(
        {
          shop: wire.shopOf(request),
          email: signInField(wire, request, 'email'),
          password: signInField(wire, request, 'password'),
          device,
        },
        contextOf(request, { kind: 'anonymous' }, wire.networkOf(request.ip)),
      );
      announce(reply, signedIn.token);
      return { data: presentCustomer(signedIn, wire.localeOf(request), wire.formatTime) };
    },
  );

  // GET /auth/sign_in: 405 with the gem's own sentence (gomus 2.6).
  app.get(
    '/auth/sign_in',
    {
      config: { gomus: { envelope: 'session', isUnsupported: true } },
      schema: { tags: ['go~mus: session'], summary: 'Refused: use POST', response: { 405: Refusal[405] } },
    },
    async (request, reply) => {
      const refusal = sentence(405, 'sessions.not_supported', {
        locale: wire.localeOf(request),
        envelope: 'session',
        notSignedIn: { status: 401, key: 'unauthenticated' },
        shopHost: '',
        requestId: request.id,
      });
      return reply.code(405).header('allow', 'POST').send(refusal.body);
    },
  );

  // DELETE /auth/sign_out: ends this device only; 404 when nobody is signed in (gomus 2.6). No token headers.
  app.delete(
    '/auth/sign_out',
    {
      config: { gomus: { envelope: 'session', notSignedIn: { status: 404, key: 'sessions.user_not_found' } } },
      schema: {
        tags: ['go~mus: session'],
        summary: 'Sign out',
        headers: TokenHeaders,
        response: { 200: SuccessAnswer, 404: Refusal[404] },
      },
    },
    async (request, reply) => {
      const { session } = await requireCustomer(accounts, request, reply);
      await accounts.signOut({ sessionId: session.id });
      dropTokenHeaders(reply);
      return { success: true };
    },
  );

  // GET /auth/validate_token: 401 with the gem's sentence for anything that is not a live session.
  app.get(
    '/auth/validate_token',
    {
      config: { gomus: { envelope: 'session', notSignedIn: { status: 401, key: 'token_validations.invalid' } } },
      schema: {
        tags: ['go~mus: session'],
        summary: 'Validate a token',
        querystring: LocaleQuery,
        headers: TokenHeaders,
        response: { 200: ValidAnswer, 401: Refusal[401] },
      },
    },
    async (request, reply) => {
      const session = await requireCustomer(accounts, request, reply);
      return { success: true, data: presentCustomer(session, wire.localeOf(request), wire.formatTime) };
    },
  );
}

/** e-mail or password of a sign-in: from the body, else from a header of that name, as the gem reads them. */
function signInField(wire: GomusWire, request: FastifyRequest, name: 'email' | 'password'): string {
  const body = bodyOf(request);
  if (Object.hasOwn(body, name)) return scalarText(body[name]) ?? '';
  const header = wire.readsSignInHeaders ? request.headers[name] : undefined;
  return typeof header === 'string' ? (fromUtf8Bytes(header) ?? '') : '';
}
