import type { FastifyInstance, FastifyRequest } from 'fastify';
import { credentialsOf, requireCustomer, requirePartner } from './authenticate.ts';
import { bearerKey } from './credentials.ts';
import type { GomusWire } from './routes.ts';
import { salutationList, titleList } from './salutations.ts';
import {
  LocalesAnswer,
  LookupQuery,
  Refusal,
  SalutationsAnswer,
  TitlesAnswer,
  VersionAnswer,
  WhoamiAnswer,
} from './schemas.ts';

/** What anyone may ask: who am I, which version, which languages, which salutations and titles. */
export async function lookupRoutes(app: FastifyInstance, wire: GomusWire): Promise<void> {
  const { accounts } = wire;
  const tags = ['go~mus: lookups'];

  // GET /whoami (gomus 1.2): customer with a live token, user with an API key, public otherwise. A wrong key is a 401.
  app.get(
    '/whoami',
    { schema: { tags, summary: 'Who am I', response: { 200: WhoamiAnswer, 401: Refusal[401] } } },
    async (request, reply) => {
      if (bearerKey(request.headers) !== undefined) {
        requirePartner(accounts, request);
        return { access: 'user', museums: [] };
      }
      if (credentialsOf(request) === undefined) return { access: 'public' };
      await requireCustomer(accounts, request, reply);
      return { access: 'customer' };
    },
  );

  // GET /version (gomus 1.1)
  app.get('/version', { schema: { tags, summary: 'Version', response: { 200: VersionAnswer } } }, async () => ({
    version: {
      system: 'Foyer',
      api: '4.4',
      release: wire.release,
      time: wire.formatTime(new Date().toISOString()),
      zone: wire.timeZone,
      currency: 'EUR',
      per_page: 25,
    },
  }));

  // GET /locales (gomus 1.1): the first is the default of the instance.
  app.get('/locales', { schema: { tags, summary: 'Languages', response: { 200: LocalesAnswer } } }, async () => {
    const { locale } = accounts.directory.topology.defaultShop;
    return { locales: [...new Set([locale, 'de', 'en', 'nl'])] };
  });

  // GET /customers/salutations and /titles (gomus 1.6); the list shape is our reading (gomus 6.19).
  app.get(
    '/customers/salutations',
    { schema: { tags, summary: 'Salutations', querystring: LookupQuery, response: { 200: SalutationsAnswer } } },
    async (request) => salutationList(wire.localeOf(request), pagingOf(request, 25)),
  );
  app.get(
    '/customers/titles',
    { schema: { tags, summary: 'Academic titles', querystring: LookupQuery, response: { 200: TitlesAnswer } } },
    async (request) => titleList(pagingOf(request, 25)),
  );
}

/** More than there are customers anywhere, and few enough to be counted with. */
const furthestPage = 1_000_000_000_000;

/** `page` and `per_page` of a list: whole numbers from 1, the latter capped; anything else is the default (gomus 1.1). */
export function pagingOf(request: FastifyRequest, maxPerPage: 25 | 100): { page: number; perPage: number } {
  const { page, per_page } = request.query as { page?: unknown; per_page?: unknown };
  return { page: wholeNumber(page, 1, furthestPage), perPage: wholeNumber(per_page, 25, maxPerPage) };
}

function wholeNumber(value: unknown, fallback: number, max: number): number {
  if (typeof value !== 'string' || !/^\d+$/.test(value) || Number(value) === 0) return fallback;
  return Math.min(Number(value), max);
}
