import type { PlatformUser } from '../../accounts/loyalty-platform.ts';
import { readUserInfo } from './fields.ts';
import { numberOf } from './read-number.ts';

/** What came back, before anybody asks what it means. */
export interface PlatformAnswer {
  status: number;
  retryAfter: string | undefined;
  /** Parsed and taken out of the array of one that old versions put around it; undefined when it is no JSON object. */
  body: Readonly<Record<string, unknown>> | undefined;
}

/** Reads an answer's text. */
export function readAnswer(status: number, retryAfter: string | undefined, text: string): PlatformAnswer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // A gateway's page, or half an answer.
  }
  return { status, retryAfter, body: objectIn(parsed) };
}

/**
 * Tells a success from an error: `result.code` is 1, or absent with nothing in `error` and `errors`. Old clients show
 * that 0 is an error as well as 2 (spaaza 3.4).
 */
export function isSuccess({ status, body }: PlatformAnswer): boolean {
  if (status < 200 || status > 299 || body === undefined) return false;
  const code = objectIn(body.result)?.code;
  if (code !== undefined) return numberOf(code) === 1;
  return objectIn(body.error) === undefined && Object.keys(objectIn(body.errors) ?? {}).length === 0;
}

/**
 * The platform's own code for an error, in either format: `error` from version 1.4.0 on, before it `errors`, a map by
 * code, of which the first counts. The description is localised text and read by nobody.
 */
export function faultIn({ body }: PlatformAnswer): { code: number; name: string | undefined } | undefined {
  const [firstCode, first] = Object.entries(objectIn(body?.errors) ?? {})[0] ?? [];
  const error = objectIn(body?.error) ?? objectIn(first);
  const code = numberOf(objectIn(body?.error)?.code ?? firstCode);
  if (!Number.isSafeInteger(code) || code <= 0) return undefined;
  return { code, name: plainName(error?.name) };
}

/** Names of the warnings that came with an answer: they are no errors (spaaza 3.4). */
export function warningsIn({ body }: PlatformAnswer): string[] {
  const warnings: unknown = body?.warnings;
  if (!Array.isArray(warnings)) return [];
  return warnings.map((warning) => plainName(objectIn(warning)?.name) ?? 'unnamed');
}

/** The person in `results.user_info`; undefined when there is none, or one without an id. */
export function userIn({ body }: PlatformAnswer): PlatformUser | undefined {
  const userInfo = objectIn(objectIn(body?.results)?.user_info);
  if (userInfo === undefined) return undefined;
  // `id` repeats `user_id`; not every answer has both (spaaza 3.7).
  const update = readUserInfo({ ...userInfo, user_id: userInfo.user_id ?? userInfo.id });
  const { userId, memberNumber } = update.identifiers;
  if (userId === undefined) return undefined;
  return {
    spaazaUserId: userId,
    memberNumber: memberNumber ?? null,
    shopCustomerId: idText(userInfo.authentication_point_identifier),
    update,
  };
}

function idText(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() || null : null;
}

/** Names are words like `no_valid_session`; whatever else stands there could be anybody's data and is left out. */
function plainName(name: unknown): string | undefined {
  return typeof name === 'string' && /^\w{1,80}$/.test(name) ? name : undefined;
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const inner: unknown = Array.isArray(value) ? value[0] : value;
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    ? (inner as Record<string, unknown>)
    : undefined;
}
