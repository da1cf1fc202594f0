import type { Origin } from './access.ts';

/**
 * Every way the domain refuses a request. Protocols keep a total map from these codes to their own wire shape, so a
 * new code does not compile until each protocol says how it looks. No HTTP status ever appears here.
 */
export type AccountErrorCode =
  | 'invalid_credentials'
  | 'account_locked'
  | 'account_unconfirmed'
  | 'not_signed_in'
  | 'customer_not_found'
  | 'customer_erased'
  | 'not_created_yet'
  | 'validation_failed'
  | 'nothing_to_update'
  | 'chain_not_configured'
  | 'chain_required'
  | 'website_scope_needs_chain'
  | 'shop_unknown'
  | 'key_unknown'
  | 'forbidden'
  | 'rate_limited'
  | 'overloaded'
  | 'storage_unavailable'
  | 'maintenance';

/** One thing wrong with one field of the input; protocols turn it into their own sentence. */
export interface Problem {
  /** Domain name of the field, for example `email`; what a wire alone knows has its name there. */
  field: string;
  rule:
    | 'blank'
    | 'invalid'
    | 'taken'
    | 'too_short'
    | 'too_long'
    | 'too_few_classes'
    | 'surrounding_space'
    | 'same_as_email'
    | 'mismatch'
    | 'unknown'
    | 'in_future'
    | 'conflict';
  /** The limit that was missed, for `too_short`, `too_long` and `too_few_classes`. */
  limit?: number;
  /** The offending value, only when it is safe to echo (never a password). */
  value?: string;
}

export interface AccountErrorDetails {
  problems?: readonly Problem[];
  /** Whole seconds until a retry makes sense. */
  retryAfterSeconds?: number;
  /** What was looked up and not found, for `customer_not_found`. */
  lookup?: { by: 'id'; value: string } | { by: 'email'; value: string; websiteId: number } | { by: 'identifiers' };
  /** Who was erased when and by whom, for `customer_erased`: the one thing that is still known. */
  erasure?: { customerId: number; erasedAt: string; actor: string; origin: Origin; requestId: string };
  /** When the customer came to be, for `not_created_yet`. */
  createdAt?: string;
  /** True when this very failure locked the account (`invalid_credentials` only). */
  lockedNow?: boolean;
  /** The address the confirmation went to (`account_unconfirmed` only; the password was right). */
  email?: string;
}

/** For `retryAfterSeconds`: milliseconds in whole seconds, and never none. */
export function secondsToWait(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** The one error class of the domain: a closed code, details that are safe to show, and a `cause` for the log. */
export class AccountError extends Error {
  readonly code: AccountErrorCode;
  readonly details: AccountErrorDetails;

  constructor(code: AccountErrorCode, details: AccountErrorDetails = {}, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.name = 'AccountError';
    this.code = code;
    this.details = details;
  }
}

/**
 * True for what we refuse on purpose while we cannot serve: the request's line in the log says all there is, and in a
 * storm a stack trace for each would cost more than the refusal.
 */
export function isRefusedOnPurpose(error: unknown): boolean {
  return error instanceof AccountError && (error.code === 'overloaded' || error.code === 'maintenance');
}

/** True for a field with which something is wrong already: what could not be read is not missing as well. */
export function isReported(problems: readonly Problem[], name: Problem['field']): boolean {
  return problems.some(({ field }) => field === name);
}

/** Throws `validation_failed` with every problem at once; returns when there is none. */
export function refuseIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new AccountError('validation_failed', { problems });
}

/** Why a request was refused, for the log: the code and the names of the fields at fault, never a value. */
export function reasonOf(error: unknown): { reason: string; fields?: string[] } | null {
  if (!(error instanceof AccountError)) return null;
  const fields = error.details.problems?.map(({ field, rule }) => `${field}: ${rule}`);
  return fields === undefined ? { reason: error.code } : { reason: error.code, fields };
}
