import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Rendering } from './accept.ts';
import { applyFieldsFilter, parseFieldsFilter } from './fields-filter.ts';
import { renderJson } from './render-json.ts';
import type { WebapiError } from './webapi-error.ts';
import { renderXml } from './xml-output.ts';

/** Gives a result as asked for: all of it as JSON by the route's serialiser, a part of it, or XML. */
export function answer(request: FastifyRequest, reply: FastifyReply, result: object): FastifyReply | object {
  const given = (request.query as { fields?: unknown }).fields;
  // Of a key repeated in the query PHP keeps the last.
  const filter = Array.isArray(given) ? given.at(-1) : given;
  const { rendering } = request.magento!;
  if (filter === undefined && rendering === 'json') return result;
  const tree = typeof filter === 'string' ? parseFieldsFilter(filter) : undefined;
  // Undefined members are not there on the wire; dropping them first keeps XML and JSON alike.
  const shown = applyFieldsFilter(JSON.parse(JSON.stringify(result)), tree);
  return send(reply, rendering, shown);
}

/** Gives a refusal in the form asked for; in JSON when the request got no further than its Accept header. */
export function refuse(refusal: WebapiError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.code(refusal.status).headers(refusal.headers ?? {});
  return send(reply, request.magento?.rendering ?? 'json', refusal.body);
}

function send(reply: FastifyReply, rendering: Rendering, value: unknown): FastifyReply {
  return rendering === 'xml'
    ? reply.type('application/xml; charset=utf-8').send(renderXml(value))
    : reply.type('application/json; charset=utf-8').serializer(String).send(renderJson(value));
}
