import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cannotBeProcessed,
  charsetNotSupported,
  contentTypeEmpty,
  contentTypeInvalid,
  contentTypeNotUnderstood,
  decodingError,
  inputErrors,
  internalError,
  methodNotSupported,
  noRoute,
  notAcceptable,
  notAuthorized,
  requiredFieldProblem,
  typeError,
  WebapiError,
} from './webapi-error.ts';

const required = '"%fieldName" is required. Enter and try again.';

describe('the fixed refusals of the framework', () => {
  it.each([
    [noRoute(), 404, 'Request does not match any route.'],
    [methodNotSupported('PATCH'), 405, 'The PATCH HTTP method is not supported.'],
    [cannotBeProcessed(), 400, 'Specified request cannot be processed.'],
    [contentTypeEmpty(), 400, 'Content-Type header is empty.'],
    [contentTypeInvalid(), 400, 'Content-Type header is invalid.'],
    [charsetNotSupported(), 400, 'UTF-8 is the only supported charset.'],
    [
      contentTypeNotUnderstood('text/csv'),
      400,
      'Server cannot understand Content-Type HTTP header media type text/csv',
    ],
    [decodingError(), 400, 'Decoding error.'],
    [
      notAcceptable('image/png'),
      406,
      'Server cannot match any of the given Accept HTTP header media type(s) from the request: "image/png" with media types from the config of response renderer.',
    ],
    [
      internalError('64b5f1a2c3d4e'),
      500,
      'Internal Error. Details are available in Magento log file. Report ID: webapi-64b5f1a2c3d4e',
    ],
  ])('says %s', (error, status, message) => {
    expect(error).toBeInstanceOf(WebapiError);
    expect(error.status).toBe(status);
    expect(error.body).toStrictEqual({ message });
    expect(error.headers).toBeUndefined();
  });

  it('refuses a caller with the template, the rights asked for and the scheme to use', () => {
    const error = notAuthorized('Spaaza_Loyalty::read, Spaaza_Loyalty::write');
    expect(error.status).toBe(401);
    expect(JSON.stringify(error.body)).toBe(
      '{"message":"The consumer isn\'t authorized to access %resources.","parameters":{"resources":"Spaaza_Loyalty::read, Spaaza_Loyalty::write"}}',
    );
    expect(error.headers).toStrictEqual({ 'WWW-Authenticate': 'Bearer' });
  });
});

describe('inputErrors', () => {
  it('shows one missing input by itself', () => {
    const error = inputErrors([requiredFieldProblem('email')]);
    expect(error.status).toBe(400);
    expect(JSON.stringify(error.body)).toBe(
      '{"message":"\\"%fieldName\\" is required. Enter and try again.","parameters":{"fieldName":"email"}}',
    );
  });

  it('gathers several in order, without parameters of its own', () => {
    const { status, body } = inputErrors([requiredFieldProblem('email'), requiredFieldProblem('password')]);
    expect(status).toBe(400);
    expect(body).toStrictEqual({
      message: 'One or more input exceptions have occurred.',
      errors: [
        { message: required, parameters: { fieldName: 'email' } },
        { message: required, parameters: { fieldName: 'password' } },
      ],
    });
  });

  it('omits empty parameters of a single problem and shows them as [] in an aggregate', () => {
    expect(inputErrors([{ message: 'x', parameters: {} }]).body).toStrictEqual({ message: 'x' });
    expect(inputErrors([{ message: 'x', parameters: {} }, { message: 'y' }]).body.errors).toStrictEqual([
      { message: 'x', parameters: [] },
      { message: 'y', parameters: [] },
    ]);
  });

  it('keeps positional parameters a list', () => {
    const problem = { message: 'at least %1 characters', parameters: ['8'] };
    expect(inputErrors([problem]).body).toStrictEqual(problem);
  });

  it('refuses to say that nothing is wrong', () => {
    expect(() => inputErrors([])).toThrow(RangeError);
  });

  it('has errors exactly when there is more than one problem, each with both members', () => {
    const problem = fc.record(
      { message: fc.string(), parameters: fc.array(fc.string()) },
      { requiredKeys: ['message'] },
    );
    fc.assert(
      fc.property(fc.array(problem, { minLength: 1 }), (problems) => {
        const { body } = inputErrors(problems);
        expect('errors' in body).toBe(problems.length > 1);
        if (body.errors === undefined) return;
        expect('parameters' in body).toBe(false);
        expect(body.errors).toEqual(problems.map(({ message, parameters = [] }) => ({ message, parameters })));
      }),
    );
  });
});

describe('typeError', () => {
  it.each([
    ['abc', 'int', 'The "abc" value\'s type is invalid. The "int" type was expected. Verify and try again.'],
    [[1], 'string', 'The "array" value\'s type is invalid. The "string" type was expected. Verify and try again.'],
    [{ a: 1 }, 'int', 'The "array" value\'s type is invalid. The "int" type was expected. Verify and try again.'],
    [true, 'int', 'The "1" value\'s type is invalid. The "int" type was expected. Verify and try again.'],
    [false, 'int', 'The "" value\'s type is invalid. The "int" type was expected. Verify and try again.'],
  ])('shows %j where %s was expected', (value, type, message) => {
    expect(typeError(value, type).status).toBe(400);
    expect(typeError(value, type).body).toStrictEqual({ message });
  });
});
