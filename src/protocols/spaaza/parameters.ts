import { isExactNumber } from '../../accounts/free-text.ts';
import { inputErrors, requiredFieldProblem, typeError } from './webapi-error.ts';

interface TypeOf {
  string: string;
  int: number;
  bool: boolean;
  mixed: unknown;
}

export type ParameterType = keyof TypeOf;

/** One top-level parameter of a service. `name` is the documented snake_case one; the camelCase twin is accepted too. */
export interface ParameterSpec {
  name: string;
  type: ParameterType;
  required?: boolean;
  default?: string | number | boolean;
}

/** What `readParameters` gives for these specs: optional ones without a default may be undefined. */
export type ParameterValues<Specs extends readonly ParameterSpec[]> = {
  [Spec in Specs[number] as Spec['name']]: Spec extends { required: true } | { default: string | number | boolean }
    ? TypeOf[Spec['type']]
    : TypeOf[Spec['type']] | undefined;
};

/**
 * Reads a service's parameters from the query and the decoded body. Per key the query beats the body, camelCase beats
 * snake_case, null counts as absent, unknown keys are ignored. Throws the 400 WebapiError of the first value of a wrong
 * type, else one that names every required parameter that is missing, in the order of `specs`.
 * Source: magento-webapi 1.6, 4.1, 4.2.
 */
export function readParameters<const Specs extends readonly ParameterSpec[]>(
  specs: Specs,
  query: Record<string, unknown>,
  body: Record<string, unknown>,
): ParameterValues<Specs> {
  const values: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const spec of specs) {
    const given = find(camelCase(spec.name), query, body) ?? find(spec.name, query, body);
    if (given !== undefined) values[spec.name] = coerceParameter(given, spec.type);
    else if (spec.default !== undefined) values[spec.name] = spec.default;
    else if (spec.required) missing.push(spec.name);
  }
  if (missing.length > 0) throw inputErrors(missing.map(requiredFieldProblem));
  return values as ParameterValues<Specs>;
}

/**
 * Converts one value, from a body, a query or a path, to a declared type as PHP does: any scalar is a string (true is
 * `1`), any numeric scalar an int (truncated, held within the exact integers), anything at all a bool, and `mixed`
 * passes untouched. Throws the 400 WebapiError that echoes the value. Source: magento-webapi 4.2.
 */
export function coerceParameter<Type extends ParameterType>(value: unknown, type: Type): TypeOf[Type];
export function coerceParameter(value: unknown, type: ParameterType): unknown {
  switch (type) {
    case 'string':
      return toText(value);
    case 'int':
      return toInt(value);
    case 'bool':
      return isTrue(value);
    case 'mixed':
      return value;
  }
}

function find(key: string, query: Record<string, unknown>, body: Record<string, unknown>): unknown {
  const asked = own(query, key);
  // A key repeated in the query arrives as a list; PHP keeps the last.
  const last = Array.isArray(asked) ? asked.at(-1) : asked;
  return last ?? own(body, key) ?? undefined;
}

/** A key such as `constructor` must not find what every object inherits. */
function own(values: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '';
  if (isExactNumber(value)) return String(value);
  throw typeError(value, 'string');
}

const numeric = /^[ \t\n\r\v\f]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?[ \t\n\r\v\f]*$/i;

function toInt(value: unknown): number {
  const number = typeof value === 'string' && numeric.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) throw typeError(value, 'int');
  const whole = Math.trunc(number);
  // Adding 0 turns -0 into 0.
  return Math.min(Math.max(whole, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER) + 0;
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'string') return /^(?:1|true|on|yes)$/i.test(value);
  return value === true || value === 1;
}
