import { freeTextProblem, isExactNumber } from '../../accounts/free-text.ts';
import type { ReadUserInfo } from './fields.ts';

/**
 * Reads text as this wire takes it: numbers and booleans are stringified, null and "" mean none, which is null
 * (decisions, both wires 3). Undefined for what cannot be read; the problem is then in `into`, under the name `wire`.
 */
export function textOf(value: unknown, field: string, wire: string, into: ReadUserInfo): string | null | undefined {
  if (value === null || value === '') return null;
  const isScalar = typeof value === 'string' || typeof value === 'boolean' || isExactNumber(value);
  if (!isScalar) {
    into.problems.push({ field: wire, rule: 'invalid', value: shown(value) });
    return undefined;
  }
  const text = String(value);
  const problem = freeTextProblem(field, text, 255);
  if (problem === undefined) return text;
  into.problems.push({ ...problem, field: wire });
  return undefined;
}

/** A value as a refusal echoes it; never its own `toString`, which a caller may have named a member. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'array' : 'object';
  return String(value).slice(0, 64);
}
