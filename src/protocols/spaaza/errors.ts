import { AccountError, type AccountErrorCode, type AccountErrorDetails, type Problem } from '../../accounts/errors.ts';
import {
  decodingError,
  type InputProblem,
  inputErrors,
  internalError,
  notAuthorized,
  requiredFieldProblem,
  WebapiError,
} from './webapi-error.ts';
import { wireName } from './wire-names.ts';

/** What a refusal needs to know about its route. */
export interface RefusalContext {
  /** Right that the route asks for, shown in the 401. */
  resource: string;
  /** 13 hex digits, so that the log line of a 500 can be found. */
  reportId: string;
}

type Render = (details: AccountErrorDetails, context: RefusalContext) => WebapiError;

/** Every domain code on this wire; the compiler finds a missing one. */
const renderings: Record<AccountErrorCode, Render> = {
  validation_failed: ({ problems = [] }) => inputErrors(problems.map(inputProblem)),
  customer_not_found: ({ lookup }) => notFound(lookup),
  // The questions these two answer are asked over the admin API only.
  customer_erased: () => notFound(undefined),
  not_created_yet: () => notFound(undefined),
  chain_not_configured: () => plain(400, 'The given Chain Id is not configured in Magento.'),
  chain_required: () => plain(400, 'Missing Chain Id: Multiple Spaaza chains are configured.'),
  website_scope_needs_chain: () =>
    plain(400, 'Missing Chain Id: Customers are configured to have a website sharing scope.'),
  key_unknown: (_, { resource }) => notAuthorized(resource),
  forbidden: (_, { resource }) => notAuthorized(resource),
  not_signed_in: (_, { resource }) => notAuthorized(resource),
  rate_limited: ({ retryAfterSeconds }) => later(429, 'Too Many Requests', retryAfterSeconds),
  overloaded: ({ retryAfterSeconds }) =>
    later(503, 'The service is very busy. Please try again in a few seconds.', retryAfterSeconds),
  storage_unavailable: ({ retryAfterSeconds }) =>
    later(503, 'The service is unavailable at the moment. Please try again later.', retryAfterSeconds),
  maintenance: ({ retryAfterSeconds }) =>
    later(503, 'The service is offline for maintenance. Please try again later.', retryAfterSeconds),
  // Outcomes of a password check are results on this wire and never get here; nor do the other wire's own codes.
  invalid_credentials: () => plain(401, 'Invalid login or password.'),
  account_locked: () => plain(401, 'The account is locked.'),
  account_unconfirmed: () => plain(401, "This account isn't confirmed. Verify and try again."),
  nothing_to_update: () => plain(400, 'There is nothing to update.'),
  shop_unknown: () => plain(400, "The store that was requested wasn't found. Verify the store and try again."),
};

/** Turns anything thrown while serving a request into an answer. Unknown errors show nothing but a report id. */
export function refusalOf(error: unknown, context: RefusalContext): WebapiError {
  if (error instanceof WebapiError) return error;
  if (error instanceof AccountError) return renderings[error.code](error.details, context);
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) return plain(413, 'The request body is too large.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500 && code?.startsWith('FST_')) {
    return decodingError();
  }
  return internalError(context.reportId);
}

function notFound(lookup: AccountErrorDetails['lookup']): WebapiError {
  switch (lookup?.by) {
    case 'id':
      return new WebapiError(404, {
        message: 'No such entity with %fieldName = %fieldValue',
        parameters: { fieldName: 'customerId', fieldValue: Number(lookup.value) },
      });
    case 'email':
      return new WebapiError(404, {
        message: 'No such entity with %fieldName = %fieldValue, %field2Name = %field2Value',
        parameters: {
          fieldName: 'email',
          fieldValue: lookup.value,
          field2Name: 'websiteId',
          // A string, because Magento reads website ids from a store row (magento-webapi 0.1).
          field2Value: String(lookup.websiteId),
        },
      });
    default:
      return plain(404, 'Customer not found');
  }
}

/** One problem in Magento's words where it has them (magento-webapi 7.1-7.5), else its general "Invalid value". */
export function inputProblem({ field, rule, limit, value }: Problem): InputProblem {
  const wire = wireName(field);
  switch (rule) {
    case 'blank':
      return requiredFieldProblem(wire);
    case 'taken':
      return { message: 'A customer with the same email address already exists in an associated website.' };
    case 'in_future':
      return { message: 'The Date of Birth should not be greater than today.' };
    case 'surrounding_space':
      return { message: "The password can't begin or end with a space. Verify the password and try again." };
    case 'too_few_classes':
      return {
        message:
          'Minimum of different classes of characters in password is %1. Classes of characters: Lower Case, Upper Case, Digits, Special Characters.',
        parameters: [String(limit)],
      };
    case 'same_as_email':
      return {
        message: "The password can't be the same as the email address. Create a new password and try again.",
      };
    case 'too_short':
      return {
        message: 'The password needs at least %1 characters. Create a new password and try again.',
        parameters: [String(limit)],
      };
    default:
      return specific(field, rule, limit) ?? general(wire, value);
  }
}

function specific(field: string, rule: Problem['rule'], limit: number | undefined): InputProblem | undefined {
  if (rule === 'too_long' && field === 'password') {
    return { message: 'Please enter a password with at most %1 characters.', parameters: [limit] };
  }
  if (rule === 'too_long') {
    return {
      message: '"%fieldName" uses too many characters: at most %limit are allowed.',
      parameters: { fieldName: wireName(field), limit },
    };
  }
  if (field === 'email' && rule === 'invalid') return { message: '"Email" is not a valid email address.' };
  if (field === 'givenName' && rule === 'invalid') return { message: 'First Name is not valid!' };
  if (field === 'familyName' && rule === 'invalid') return { message: 'Last Name is not valid!' };
  if (field === 'storeCode' && rule === 'unknown') {
    return { message: "The store that was requested wasn't found. Verify the store and try again." };
  }
  if (field === 'storeCode') return { message: 'The store view is not in the associated website.' };
  if (field === 'websiteCode' && rule === 'conflict') {
    return { message: 'The given website is not configured for the given Chain Id.' };
  }
  if (field === 'websiteCode') {
    return { message: "The website that was requested wasn't found. Verify the website and try again." };
  }
  return undefined;
}

function general(fieldName: string, value: string | undefined): InputProblem {
  return value === undefined
    ? { message: 'Invalid value provided for the %fieldName field.', parameters: { fieldName } }
    : {
        message: 'Invalid value of "%value" provided for the %fieldName field.',
        parameters: { fieldName, value: value.slice(0, 255) },
      };
}

function plain(status: number, message: string): WebapiError {
  return new WebapiError(status, { message });
}

function later(status: number, message: string, retryAfterSeconds = 30): WebapiError {
  return new WebapiError(status, { message }, { 'retry-after': String(retryAfterSeconds) });
}
