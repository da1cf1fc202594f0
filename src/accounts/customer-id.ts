/**
 * Reads a customer id from a number or from decimal text without spaces, sign, exponent or leading zeros; undefined for
 * anything but a positive safe integer. Exact on purpose: "39abc" or 39.5 must never find customer 39.
 */
export function parseCustomerId(input: unknown): number | undefined {
  const id = typeof input === 'string' && /^[1-9]\d{0,15}$/.test(input) ? Number(input) : input;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
