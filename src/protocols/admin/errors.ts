import { STATUS_CODES } from 'node:http';
import type { FastifyError } from 'fastify';
import { AccountError, type AccountErrorCode, type AccountErrorDetails, type Problem } from '../../accounts/errors.ts';
import { historyFieldNames } from '../../accounts/history-fields.ts';
import { wireField } from './field-names.ts';

/** A refusal as it goes out: a problem document (RFC 9457) and its headers. */
export interface Refusal {
  status: number;
  body: {
    type: 'about:blank';
    title: string;
    status: number;
    detail: string;
    /** Stable, unlike the sentences. */
    code: string;
    request_id: string;
    [extension: string]: unknown;
  };
  headers: Record<string, string>;
}

interface Rendering {
  status: number;
  detail: string;
  extensions?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** Every domain code on this wire; the compiler finds a missing one. */
const renderings: Record<AccountErrorCode, (details: AccountErrorDetails) => Rendering> = {
  validation_failed: ({ problems = [] }) => invalid(problems.map(presentProblem)),
  customer_not_found: () => ({ status: 404, detail: 'There is no such customer.' }),
  customer_erased: ({ erasure }) => erased(erasure),
  not_created_yet: ({ createdAt }) => ({
    status: 404,
    detail: `There was no such customer then: it was created at ${createdAt}.`,
    extensions: { created_at: createdAt },
  }),
  key_unknown: () => ({
    status: 401,
    detail: 'The API key is missing or unknown.',
    headers: { 'www-authenticate': 'Bearer realm="Foyer"' },
  }),
  forbidden: () => ({
    status: 403,
    detail: 'The API key lacks the scope admin_read.',
    headers: { 'www-authenticate': 'Bearer realm="Foyer", error="insufficient_scope", scope="admin_read"' },
  }),
  rate_limited: (details) => later(429, 'There are too many requests. Please slow down.', details),
  overloaded: (details) => later(503, 'The service is very busy at the moment. Please try again in a moment.', details),
  storage_unavailable: (details) =>
    later(503, 'The service is unavailable at the moment. Please try again later.', details),
  maintenance: (details) => later(503, 'The service is offline for maintenance. Please try again later.', details),
  // What only a customer or the other wires can ask for; here they could only mean a fault of ours.
  invalid_credentials: () => internal,
  account_locked: () => internal,
  account_unconfirmed: () => internal,
  not_signed_in: () => internal,
  nothing_to_update: () => internal,
  chain_not_configured: () => internal,
  chain_required: () => internal,
  website_scope_needs_chain: () => internal,
  shop_unknown: () => internal,
};

const internal: Rendering = {
  status: 500,
  detail: 'Something went wrong on our side. Mention the request_id if you report it.',
};

/** Turns anything thrown while serving a request into an answer. Unknown errors show nothing but the request id. */
export function refusalOf(error: unknown, requestId: string): Refusal {
  if (error instanceof AccountError) return refusal(error.code, renderings[error.code](error.details), requestId);
  const { statusCode, code, validation, validationContext } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    const room = validationContext === 'querystring' ? '' : `${validationContext} `;
    const errors = validation.map(({ instancePath, message = 'is not valid', params }) => {
      const field = instancePath.slice(1) || String(params.missingProperty ?? '');
      return { field, code: 'invalid', detail: `${room}${message}` };
    });
    return refusal('validation_failed', invalid(errors), requestId);
  }
  // What the server itself refuses before a handler runs.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500 && code?.startsWith('FST_')) {
    return refusal('unreadable_request', { status: statusCode, detail: 'The request cannot be read.' }, requestId);
  }
  return refusal('internal', internal, requestId);
}

/** A path that leads nowhere, or one that is only asked with other methods. */
export function noRoute(allowed: readonly string[], method: string, requestId: string): Refusal {
  if (allowed.length === 0) {
    return refusal(
      'route_not_found',
      { status: 404, detail: 'There is nothing at this address; see /docs.' },
      requestId,
    );
  }
  const detail = `This address does not support the method ${method}.`;
  return refusal('method_not_allowed', { status: 405, detail, headers: { allow: allowed.join(', ') } }, requestId);
}

function refusal(code: string, { status, detail, extensions, headers }: Rendering, requestId: string): Refusal {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    status,
    body: {
      type: 'about:blank',
      title,
      status,
      detail,
      code: status === 500 ? 'internal' : code,
      request_id: requestId,
      ...extensions,
    },
    headers: headers ?? {},
  };
}

interface ParameterProblem {
  field: string;
  code: string;
  detail: string;
}

function invalid(errors: readonly ParameterProblem[]): Rendering {
  const [first] = errors;
  const isFieldUnknown = errors.some(({ field, code }) => field === 'field' && code === 'unknown');
  return {
    status: 400,
    detail: first === undefined ? 'The request is not valid.' : `${first.field}: ${first.detail}.`,
    extensions: { errors, ...(isFieldUnknown && { known_fields: historyFieldNames.map(wireField) }) },
  };
}

function presentProblem({ field, rule, value }: Problem): ParameterProblem {
  const shown = value === undefined ? '' : `${JSON.stringify(value.slice(0, 100))} `;
  const details: Partial<Record<Problem['rule'], string>> = {
    unknown: `${shown}is not known`,
    in_future: `${shown}lies in the future`,
    conflict: `several customers have this e-mail; ask by id: ${value}`,
  };
  return { field: wireField(field), code: rule, detail: details[rule] ?? `${shown}is not valid` };
}

function erased(erasure: AccountErrorDetails['erasure']): Rendering {
  if (erasure === undefined) return { status: 410, detail: 'The account was erased.' };
  const { customerId, erasedAt, actor, origin, requestId } = erasure;
  return {
    status: 410,
    detail: `Customer ${customerId} was erased at ${erasedAt} by ${actor}; nothing else is kept.`,
    extensions: {
      erasure: { customer_id: customerId, erased_at: erasedAt, actor, origin, request_id: requestId },
    },
  };
}

function later(status: number, detail: string, { retryAfterSeconds = 30 }: AccountErrorDetails): Rendering {
  return { status, detail, headers: { 'retry-after': String(retryAfterSeconds) } };
}
