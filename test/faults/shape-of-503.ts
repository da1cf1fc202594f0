import { type Answer, headerOf, jsonOf } from './client.ts';

/**
 * What is wrong with a refusal that says "later": it must name a time in seconds and have the shape of its wire, which is
 * an `error` sentence beside `errors` for go~mus and a `message` for the other. Undefined for a good one.
 */
export function faultOfRefusal(kind: string, answer: Answer): string | undefined {
  const retryAfter = headerOf(answer, 'retry-after');
  if (!/^[1-9]\d*$/.test(retryAfter ?? '')) return `${kind}: Retry-After is ${retryAfter}`;
  const body = jsonOf(answer);
  const isInShape = /Spaaza|user_info/.test(kind)
    ? typeof body.message === 'string' && Object.keys(body).length === 1
    : typeof body.error === 'string' && Array.isArray(body.errors) && body.errors[0] === body.error;
  return isInShape ? undefined : `${kind}: ${JSON.stringify(body)}`;
}
