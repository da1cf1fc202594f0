/**
 * Reads a number that a sender may have written as text; NaN for anything else. Never what an object says it is worth:
 * `{"valueOf": 1}` is an object that cannot be turned into a number, and trying throws.
 */
export function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
}
