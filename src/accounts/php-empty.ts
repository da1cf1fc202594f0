/**
 * True for a decoded JSON value that PHP's `empty()` takes as empty: the Spaaza document identifies customers by
 * `user_id` unless it "is considered empty by PHP". So 0 and "0" are empty, "0.0" and " " are not; `{}` is, since PHP
 * decodes an object without keys to an empty array.
 */
export function isPhpEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === '0' || value === 0 || value === false) {
    return true;
  }
  return typeof value === 'object' && Object.keys(value).length === 0;
}
