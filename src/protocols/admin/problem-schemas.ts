import { Type } from 'typebox';
import { moment } from './schemas.ts';

/** What every refusal looks like (RFC 9457). */
const ProblemShape = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String({ description: 'The same in every release' }),
  request_id: Type.String(),
  errors: Type.Optional(
    Type.Array(Type.Object({ field: Type.String(), code: Type.String(), detail: Type.String() }), {
      description: 'Every parameter at fault',
    }),
  ),
  known_fields: Type.Optional(Type.Array(Type.String(), { description: 'With an unknown field: those there are' })),
  created_at: Type.Optional(moment),
  erasure: Type.Optional(
    Type.Object({
      customer_id: Type.Integer(),
      erased_at: moment,
      actor: Type.String(),
      origin: Type.String(),
      request_id: Type.String(),
    }),
  ),
});

const problem = (description: string, example: Record<string, unknown>) => ({
  description,
  content: {
    'application/problem+json': {
      schema: Type.Object(ProblemShape.properties, {
        examples: [{ type: 'about:blank', request_id: 'bf5ea60e00b29ef9', ...example }],
      }),
    },
  },
});

/** The refusals by status, each with an example of its own. */
export const Refusals = {
  400: problem('A parameter is at fault', {
    title: 'Bad Request',
    status: 400,
    detail: 'time: "yesterday" is not valid.',
    code: 'validation_failed',
    errors: [{ field: 'time', code: 'invalid', detail: '"yesterday" is not valid' }],
  }),
  401: problem('No API key, or an unknown one', {
    title: 'Unauthorized',
    status: 401,
    detail: 'The API key is missing or unknown.',
    code: 'key_unknown',
  }),
  403: problem('The key lacks the scope admin_read', {
    title: 'Forbidden',
    status: 403,
    detail: 'The API key lacks the scope admin_read.',
    code: 'forbidden',
  }),
  404: problem('No such customer, or none that the key may see', {
    title: 'Not Found',
    status: 404,
    detail: 'There is no such customer.',
    code: 'customer_not_found',
  }),
  410: problem('The account was erased', {
    title: 'Gone',
    status: 410,
    detail: 'Customer 39 was erased at 2024-05-17T10:00:05.700Z by customer 39; nothing else is kept.',
    code: 'customer_erased',
    erasure: {
      customer_id: 39,
      erased_at: '2024-05-17T10:00:05.700Z',
      actor: 'customer 39',
      origin: 'gomus',
      request_id: '75fa3d0900b29ef9',
    },
  }),
  503: problem('Maintenance, overload, or no database', {
    title: 'Service Unavailable',
    status: 503,
    detail: 'The service is offline for maintenance. Please try again later.',
    code: 'maintenance',
  }),
} as const;
