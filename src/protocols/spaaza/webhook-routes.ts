import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AccountError, reasonOf } from '../../accounts/errors.ts';
import type { Accounts } from '../../accounts/index.ts';
import { refuse } from './answer.ts';
import { decodeBody } from './body.ts';
import { refusalOf } from './errors.ts';
import { hideContentType, logFault, reportIdOf } from './request.ts';
import { WebapiRefusal, WebhookAccepted, WebhookEvent, WebhookParams } from './schemas.ts';
import { decodingError, noRoute, WebapiError } from './webapi-error.ts';
import { subjectOf } from './webhook-event.ts';
import { createSignatureCheck } from './webhook-signature.ts';

/** What became of a webhook at the door. */
export type WebhookOutcome =
  | 'accepted'
  | 'duplicate'
  | 'bad_signature'
  | 'unknown_chain'
  | 'unreadable'
  | 'too_large'
  | 'maintenance'
  | 'failed';

export interface WebhookOptions {
  accounts: Accounts;
  /** Secrets that webhooks of a chain may be signed with; undefined when there is none. */
  secretsOf(chainId: number): readonly string[] | undefined;
  /** Called for every webhook; the chain is undefined when it is not one of ours. */
  count(chainId: number | undefined, outcome: WebhookOutcome): void;
}

/**
 * Webhooks of the platform; register under `/webhooks/spaaza`. A webhook is answered as soon as it is on disk, and worked on
 * later: signature first, over the bytes as they came, then whether it can be read (spaaza 3.8). Refusals have this wire's
 * shape. The same content again is answered like the first time, and worked on once.
 */
export async function spaazaWebhooks(app: FastifyInstance, options: WebhookOptions): Promise<void> {
  const { accounts, secretsOf, count } = options;
  const isSigned = createSignatureCheck();
  const chainOf = (request: FastifyRequest): number | undefined => {
    const { chainId } = request.params as { chainId?: string };
    if (chainId === undefined || !/^[1-9]\d{0,14}$/.test(chainId)) return undefined;
    const known = accounts.directory.topology.data.websites.some((website) => website.chainId === Number(chainId));
    return known && secretsOf(Number(chainId)) !== undefined ? Number(chainId) : undefined;
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler(() => () => true);

  app.addHook('onRequest', (request, _reply, done) => {
    hideContentType(request);
    if (accounts.directory.maintenanceSince !== undefined) {
      throw new AccountError('maintenance', { retryAfterSeconds: 60 });
    }
    done();
  });
  app.post(
    '/:chainId',
    {
      schema: {
        tags: ['Spaaza webhooks'],
        security: [{ webhookSignature: [] }],
        summary: 'Take in an event of the platform',
        description:
          'Answered as soon as the event is on disk. Which events are used: [webhooks](https://docs.spaaza.com/api/webhooks).',
        params: WebhookParams,
        body: WebhookEvent,
        response: { 200: WebhookAccepted, 400: WebapiRefusal, 401: WebapiRefusal, 404: WebapiRefusal },
      },
    },
    async (request) => {
      const chainId = chainOf(request);
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
      const given = request.headers['x-spaaza-hmac-sha256'];
      const secrets = chainId === undefined ? undefined : secretsOf(chainId);
      const isRight = isSigned(secrets, body, typeof given === 'string' ? given : undefined);
      // Only now, so that the time does not tell which chains there are.
      if (chainId === undefined) throw noRoute();
      if (!isRight) throw signatureInvalid();
      const event = decodeBody(body, 'application/json');
      if (Object.keys(event).length === 0) throw decodingError();
      const digest = createHash('sha256').update(body).digest('hex');
      const isNew = await accounts.takeNotice(
        // What is about nobody waits for nobody.
        { chainId, digest, subject: subjectOf(event) ?? digest, body: body.toString('utf8') },
        { actor: { kind: 'system' }, origin: 'webhook', requestId: request.id },
      );
      const outcome = isNew ? 'accepted' : 'duplicate';
      count(chainId, outcome);
      return { status: outcome };
    },
  );

  app.setErrorHandler((error, request, reply) => {
    request.refusal = reasonOf(error);
    const refusal = refusalOf(error, { resource: 'Spaaza_Loyalty::webhook', reportId: reportIdOf(request) });
    count(chainOf(request), outcomeOf(error, refusal.status));
    if (refusal.status >= 500) logFault(request, error);
    return refuse(refusal, request, reply);
  });
  app.setNotFoundHandler(async (request, reply) => refuse(noRoute(), request, reply));
}

/** 401 in this wire's shape, without the hint at API keys that other requests get. */
function signatureInvalid(): WebapiError {
  return new WebapiError(401, {
    message: "The consumer isn't authorized to access %resources.",
    parameters: { resources: 'Spaaza_Loyalty::webhook' },
  });
}

const outcomeByStatus: Readonly<Record<number, WebhookOutcome>> = {
  400: 'unreadable',
  401: 'bad_signature',
  404: 'unknown_chain',
  413: 'too_large',
};

function outcomeOf(error: unknown, status: number): WebhookOutcome {
  if (error instanceof AccountError && error.code === 'maintenance') return 'maintenance';
  return outcomeByStatus[status] ?? 'failed';
}
