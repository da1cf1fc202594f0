/** An error in the platform's own terms. */
export interface SpaazaFault {
  code: number;
  name: string;
  /** HTTP status. */
  status: number;
}

/** Thrown by whatever serves a request; becomes the answer. */
export class SpaazaError extends Error {
  readonly fault: SpaazaFault;

  constructor(fault: SpaazaFault) {
    super(fault.name);
    this.name = 'SpaazaError';
    this.fault = fault;
  }
}

/** The codes that are public (spaaza 3.4). Two statuses are not; 400 stands in for them. */
const knownFaults: readonly SpaazaFault[] = [
  { code: 4, name: 'http_request_method_not_allowed', status: 405 },
  { code: 5, name: 'password_error_or_non_existent', status: 400 },
  { code: 6, name: 'no_valid_session', status: 401 },
  { code: 68, name: 'permission_denied_or_non_existent', status: 500 },
  { code: 228, name: 'auth_method_invalid', status: 400 },
  { code: 269, name: 'no_myprice_app', status: 400 },
];

/** The fault of a code: as published, or one of the stand-in's own making with HTTP 400. */
export function faultOf(code: number): SpaazaFault {
  const known = [...knownFaults, ...ownFaults].find((fault) => fault.code === code);
  return known ?? { code, name: `stand_in_error_${code}`, status: 400 };
}

/**
 * What the platform surely refuses, with a code of our own from 9001 on: its codes for it are not published. A client
 * must not know them.
 */
const ownFaults = [
  { code: 9001, name: 'stand_in_username_taken', status: 400 },
  { code: 9002, name: 'stand_in_username_invalid', status: 400 },
  { code: 9003, name: 'stand_in_birthday_invalid', status: 400 },
  { code: 9004, name: 'stand_in_country_invalid', status: 400 },
  { code: 9005, name: 'stand_in_identifier_taken', status: 400 },
  { code: 9006, name: 'stand_in_value_invalid', status: 400 },
];

/** Makes the errors a request may end with. */
export const refusal = {
  notSignedIn: () => new SpaazaError(faultOf(6)),
  noApp: () => new SpaazaError(faultOf(269)),
  nobody: () => new SpaazaError(faultOf(68)),
  usernameTaken: () => new SpaazaError(faultOf(9001)),
  usernameInvalid: () => new SpaazaError(faultOf(9002)),
  birthdayInvalid: () => new SpaazaError(faultOf(9003)),
  countryInvalid: () => new SpaazaError(faultOf(9004)),
  identifierTaken: () => new SpaazaError(faultOf(9005)),
  valueInvalid: () => new SpaazaError(faultOf(9006)),
};

/** A successful answer; `warnings` are names of what is said beside it. */
export function successBody(results: object, warnings: readonly string[]): object {
  const said = warnings.map((name, index) => ({ code: 183 + index, name, description: name, message: name }));
  return { result: { code: 1, status: 'ok' }, results, ...(said.length > 0 && { warnings: said }) };
}

/**
 * An error in the format of the version that was asked for: one `error` from 1.4.0 on, a map by code before it, and so
 * without a version, which means the oldest (spaaza 3.3, 3.4). Descriptions are localised there: they are Dutch here.
 */
export function errorBody({ code, name }: SpaazaFault, version: string | undefined): object {
  const description = 'Er is iets misgegaan.';
  if (isAtLeast(version, [1, 4, 0])) {
    return { result: { code: 2, status: 'error' }, error: { code, name, description } };
  }
  return {
    result: { code: 0, status: 'error' },
    errors: { [code]: { name, description, extrainfo: { msg: description } } },
  };
}

function isAtLeast(version: string | undefined, wanted: readonly number[]): boolean {
  const parts = (version ?? '0').split('.').map(Number);
  for (const [index, part] of wanted.entries()) {
    const given = parts[index] ?? 0;
    if (given !== part) return given > part;
  }
  return true;
}
