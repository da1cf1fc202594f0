import type { FastifyError } from 'fastify';
import { AccountError, type AccountErrorCode, type AccountErrorDetails } from '../../accounts/errors.ts';
import { MalformedBody } from './body.ts';
import { type Locale, type MessageKey, message } from './messages.ts';
import { presentProblems } from './problems.ts';

/** A refusal as it goes out: beside `errors` always one `error` sentence (decisions, go~mus 5). */
export interface Refusal {
  status: number;
  body: { error: string; errors: unknown; success?: false; status?: 'error'; data?: unknown };
  headers?: Record<string, string>;
}

/**
 * Which envelope an endpoint's refusals have: `session` is the gem's `success: false`, `registration` its
 * `status: error`, `password` its `success: false` with a field map, `plain` the resource shape (gomus 1.3, 2.6).
 */
export type Envelope = 'session' | 'registration' | 'password' | 'plain';

/** How an endpoint says that nobody is signed in; the gem answers 404 on some of them (gomus 2.6). */
export interface NotSignedIn {
  status: 401 | 403 | 404;
  key: MessageKey;
}

export interface RefusalContext {
  locale: Locale;
  envelope: Envelope;
  notSignedIn: NotSignedIn;
  /** The host the client claimed, for `shop_unknown`. */
  shopHost: string;
  requestId: string;
  /** The data a refused sign-up shows beside its errors. */
  data?: unknown;
}

type Render = (details: AccountErrorDetails, context: RefusalContext) => Refusal;

/** Every domain code on this wire; the compiler finds a missing one. */
const renderings: Record<AccountErrorCode, Render> = {
  invalid_credentials: (_, context) => sentence(401, 'sessions.bad_credentials', context),
  account_locked: ({ retryAfterSeconds }, context) =>
    later(sentence(401, 'account_lock_msg', context), retryAfterSeconds),
  account_unconfirmed: ({ email }, context) => sentence(401, 'sessions.not_confirmed', context, { email: email ?? '' }),
  not_signed_in: (_, context) => sentence(context.notSignedIn.status, context.notSignedIn.key, context),
  customer_not_found: (_, context) => sentence(404, 'record_not_found', context),
  // The questions these two answer are asked over the admin API only.
  customer_erased: (_, context) => sentence(404, 'record_not_found', context),
  not_created_yet: (_, context) => sentence(404, 'record_not_found', context),
  validation_failed: ({ problems = [] }, context) => {
    const errors = presentProblems(problems, context.locale);
    const [first = ''] = errors.full_messages;
    if (context.envelope === 'plain') {
      const error = message(context.locale, 'unprocessable');
      return { status: 422, body: { error, errors: errors.full_messages } };
    }
    return { status: 422, body: { ...envelopeOf(context, errors), error: first } };
  },
  nothing_to_update: (_, context) => sentence(422, 'validate_account_update_params', context),
  shop_unknown: (_, context) => plainly(404, 'shop_unknown', context, { host: context.shopHost }),
  key_unknown: (_, context) => plainly(401, 'key_invalid', context),
  forbidden: (_, context) => plainly(403, 'forbidden', context),
  rate_limited: ({ retryAfterSeconds }, context) =>
    later(plainly(429, 'too_many_requests', context), retryAfterSeconds),
  overloaded: ({ retryAfterSeconds }, context) => later(plainly(503, 'overloaded', context), retryAfterSeconds),
  storage_unavailable: ({ retryAfterSeconds }, context) =>
    later(plainly(503, 'unavailable', context), retryAfterSeconds),
  maintenance: ({ retryAfterSeconds }, context) => later(plainly(503, 'maintenance', context), retryAfterSeconds),
  // The chain errors belong to the other wire; here they could only mean a fault of ours.
  chain_not_configured: (_, context) => internal(context),
  chain_required: (_, context) => internal(context),
  website_scope_needs_chain: (_, context) => internal(context),
};

/** Turns anything thrown while serving a request into an answer. Unknown errors show nothing but the request id. */
export function refusalOf(error: unknown, context: RefusalContext): Refusal {
  if (error instanceof AccountError) return renderings[error.code](error.details, context);
  if (error instanceof MalformedBody) {
    return plainly(400, error.format === 'json' ? 'malformed_json' : 'malformed_body', context);
  }
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === 413) return plainly(413, 'payload_too_large', context);
  // What the server itself refuses before a handler runs, such as a body shorter than announced.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500 && code?.startsWith('FST_')) {
    return plainly(statusCode, 'malformed_body', context);
  }
  return internal(context);
}

/** A refusal with one of the published sentences, in the endpoint's envelope. */
export function sentence(
  status: number,
  key: MessageKey,
  context: RefusalContext,
  values?: Record<string, string>,
): Refusal {
  const error = message(context.locale, key, values);
  return { status, body: { ...envelopeOf(context, [error]), error } };
}

/** A refusal in the resource shape, whatever the endpoint. */
export function plainly(
  status: number,
  key: MessageKey,
  { locale }: Pick<RefusalContext, 'locale'>,
  values?: Record<string, string>,
): Refusal {
  const error = message(locale, key, values);
  return { status, body: { error, errors: [error] } };
}

function internal(context: RefusalContext): Refusal {
  return plainly(500, 'internal_error', context, { id: context.requestId });
}

function envelopeOf({ envelope, data }: RefusalContext, errors: unknown): Omit<Refusal['body'], 'error'> {
  if (envelope === 'registration') {
    // The gem gives sentences of a registration both marks, field maps only the status.
    if (Array.isArray(errors))
      return { status: 'error', success: false, errors, ...(data === undefined ? {} : { data }) };
    return { status: 'error', ...(data === undefined ? {} : { data }), errors };
  }
  return envelope === 'plain' ? { errors } : { success: false, errors };
}

function later(refusal: Refusal, retryAfterSeconds = 30): Refusal {
  return { ...refusal, headers: { 'retry-after': String(retryAfterSeconds) } };
}
