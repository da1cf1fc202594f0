import {
  LoyaltyPlatformError,
  type PlatformErrorDetails,
  type PlatformFailure,
} from '../../accounts/loyalty-platform.ts';
import { faultIn, isSuccess, type PlatformAnswer } from './platform-answer.ts';

/** The platform's code for what a caller may not see, or what is not there: nobody can tell which (spaaza 3.4). */
const nobodyOrForbidden = 68;

/**
 * Wrong password or caller, no session, wrong way to sign in, unknown app: it is the chain's credential or hostname, and
 * the same for everybody.
 */
const chainCodes = new Set([5, 6, 228, 269]);

/** Gateways and overload speak by status alone; whatever is in such a body is about the moment. */
const laterStatuses = new Set([408, 425, 429, 502, 503, 504]);

/**
 * Says what an error answer means. The body's code counts before the HTTP status: "not there or not allowed" comes as a
 * 500 (spaaza 3.4). A code that is not known to concern the chain is about this very request.
 */
export function errorOfAnswer(operation: string, answer: PlatformAnswer): LoyaltyPlatformError {
  const fault = faultIn(answer);
  const said = fault === undefined ? 'without a code' : `code ${fault.code}${fault.name ? ` ${fault.name}` : ''}`;
  const kind = failureOf(answer.status, fault?.code);
  const details: PlatformErrorDetails = {
    code: fault?.code,
    codeName: fault?.name,
    retryAfterSeconds: secondsIn(answer.retryAfter),
  };
  return new LoyaltyPlatformError(kind, `${operation} was answered ${answer.status}, ${said}`, details);
}

/**
 * Tells whether get-user answers that it knows nobody. How it says so is not published: 68 it is, since a caller that is
 * allowed nothing at all is told so with other codes, and a 404 with any code that does not concern the whole chain. Only
 * of this one question: to a change, both mean that it was not made.
 */
export function saysNobody(operation: 'get-user', answer: PlatformAnswer): boolean {
  if (isSuccess(answer)) return false;
  const { kind, code } = errorOfAnswer(operation, answer);
  return kind === 'refused' && (code === nobodyOrForbidden || answer.status === 404);
}

/** A success that cannot be read: something in between spoke, or the answer was cut; a retry does no harm. */
export function unreadable(operation: string, { status }: PlatformAnswer, lacks: string): LoyaltyPlatformError {
  return new LoyaltyPlatformError('transient', `${operation} was answered ${status}, ${lacks}`);
}

/** No answer at all. What cannot even be sent is a wrong address, hostname or credential of the chain. */
export function errorOfTransport(operation: string, cause: unknown): LoyaltyPlatformError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const kind = code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL' ? 'chain' : 'transient';
  const reason = code ?? (cause instanceof Error ? cause.name : 'unknown reason');
  return new LoyaltyPlatformError(kind, `${operation} got no answer: ${reason}`, { cause });
}

function failureOf(status: number, code: number | undefined): PlatformFailure {
  if (code !== undefined && chainCodes.has(code)) return 'chain';
  if (laterStatuses.has(status)) return 'transient';
  if (code !== undefined) return 'refused';
  if (status === 401 || status === 403) return 'chain';
  // A redirect is a wrong address, whoever is asked about.
  if (status >= 300 && status < 400) return 'chain';
  // A success that is none, without a word why, was not written by the platform.
  return status >= 500 || status < 300 ? 'transient' : 'refused';
}

/** Seconds, or the time until an HTTP date; undefined when the header is absent or neither. */
function secondsIn(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter.trim())) return Number(retryAfter);
  const until = Date.parse(retryAfter);
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}
