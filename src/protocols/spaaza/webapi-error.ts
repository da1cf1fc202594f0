/** One input that is wrong: a message template and what fills it. */
export interface InputProblem {
  message: string;
  parameters?: Record<string, unknown> | unknown[];
}

/** The body of every refusal, members in wire order. `message` is the raw template when there are `parameters`. */
export interface WebapiErrorBody {
  message: string;
  errors?: { message: string; parameters: Record<string, unknown> | unknown[] }[];
  parameters?: Record<string, unknown> | unknown[];
}

/** A refusal as this wire shows it; the handler sends `status`, `headers` and `body` as they are. */
export class WebapiError extends Error {
  readonly status: number;
  readonly body: WebapiErrorBody;
  readonly headers?: Record<string, string>;

  constructor(status: number, body: WebapiErrorBody, headers?: Record<string, string>) {
    super(body.message);
    this.name = 'WebapiError';
    this.status = status;
    this.body = body;
    if (headers !== undefined) this.headers = headers;
  }
}

/** 404 for a path or a verb of it that no route has; a wrong verb is no 405 here (magento-webapi 1.3). */
export function noRoute(): WebapiError {
  return new WebapiError(404, { message: 'Request does not match any route.' });
}

/** 405 for a verb this wire never serves, such as PATCH; `method` as sent (magento-webapi 1.3). */
export function methodNotSupported(method: string): WebapiError {
  return new WebapiError(405, { message: `The ${method} HTTP method is not supported.` });
}

/** 400 for a path that is not a service path at all: unknown store code, lower-case version (magento-webapi 1.2). */
export function cannotBeProcessed(): WebapiError {
  return new WebapiError(400, { message: 'Specified request cannot be processed.' });
}

/**
 * 401 for every refusal, whether the token is missing, unknown or lacks rights: there is no 403 on this wire.
 * `resources`: the rights the route asks for, joined with `, `. The message stays a template (magento-webapi 2.3);
 * the header is our addition, for callers that wonder what to send (13.1).
 */
export function notAuthorized(resources: string): WebapiError {
  return new WebapiError(
    401,
    { message: "The consumer isn't authorized to access %resources.", parameters: { resources } },
    { 'WWW-Authenticate': 'Bearer' },
  );
}

/** 406 for an Accept header that names nothing we can render; Magento means this but answers 500 (magento-webapi 3.1). */
export function notAcceptable(accept: string): WebapiError {
  return new WebapiError(406, {
    message:
      'Server cannot match any of the given Accept HTTP header media type(s) from the request: ' +
      `"${accept}" with media types from the config of response renderer.`,
  });
}

/** 400 for a body without a Content-Type (magento-webapi 3.2). */
export function contentTypeEmpty(): WebapiError {
  return new WebapiError(400, { message: 'Content-Type header is empty.' });
}

/** 400 for a Content-Type that is not `type/subtype[; charset=x]` (magento-webapi 3.2). */
export function contentTypeInvalid(): WebapiError {
  return new WebapiError(400, { message: 'Content-Type header is invalid.' });
}

/** 400 for a Content-Type with another charset than UTF-8 (magento-webapi 3.2). */
export function charsetNotSupported(): WebapiError {
  return new WebapiError(400, { message: 'UTF-8 is the only supported charset.' });
}

/** 400 for a media type no reader exists for; `mediaType` as sent. Never 415 here (magento-webapi 3.2). */
export function contentTypeNotUnderstood(mediaType: string): WebapiError {
  return new WebapiError(400, {
    message: `Server cannot understand Content-Type HTTP header media type ${mediaType}`,
  });
}

/** 400 for a body that its content type's reader cannot read; the reason stays ours (magento-webapi 3.3). */
export function decodingError(): WebapiError {
  return new WebapiError(400, { message: 'Decoding error.' });
}

/**
 * 400 for wrong inputs, in the order given: one is shown by itself, several as an aggregate without `parameters` of its
 * own, whose elements always have both members (magento-webapi 4.1, 5.2, 5.3). Throws a RangeError for none.
 */
export function inputErrors(problems: readonly InputProblem[]): WebapiError {
  const [first, second] = problems;
  if (first === undefined) throw new RangeError('An input error needs at least one problem');
  if (second === undefined) {
    return new WebapiError(
      400,
      hasAny(first.parameters) ? { message: first.message, parameters: first.parameters } : { message: first.message },
    );
  }
  return new WebapiError(400, {
    message: 'One or more input exceptions have occurred.',
    errors: problems.map(({ message, parameters }) => ({ message, parameters: hasAny(parameters) ? parameters : [] })),
  });
}

/** The problem of a missing input, for use in an aggregate; `name` as the caller would write it (magento-webapi 4.1). */
export function requiredFieldProblem(name: string): InputProblem {
  return { message: '"%fieldName" is required. Enter and try again.', parameters: { fieldName: name } };
}

/** 400 for a value of the wrong type, echoed in the message; lists and objects are shown as `array` (magento-webapi 4.2). */
export function typeError(value: unknown, type: string): WebapiError {
  return new WebapiError(400, {
    message: `The "${shown(value)}" value's type is invalid. The "${type}" type was expected. Verify and try again.`,
  });
}

/** 500 for our own fault; `reportId`: the 13 hex digits that the log line carries too (magento-webapi 5.1). */
export function internalError(reportId: string): WebapiError {
  return new WebapiError(500, {
    message: `Internal Error. Details are available in Magento log file. Report ID: webapi-${reportId}`,
  });
}

/** What fills the placeholders of a message: named ones from an object, `%1`, `%2` … from a list. */
type TemplateParameters = Readonly<Record<string, unknown>> | readonly unknown[];

function hasAny<T extends TemplateParameters>(parameters: T | undefined): parameters is T {
  return parameters !== undefined && Object.keys(parameters).length > 0;
}

/** Scalars look as PHP prints them: true is `1`, false and null are nothing. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'array';
  if (typeof value === 'boolean') return value ? '1' : '';
  return value === null || value === undefined ? '' : String(value);
}
