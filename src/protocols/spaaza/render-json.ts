/**
 * Renders an answer as compact JSON; a result of nothing is an empty list on this wire (magento-webapi 1.9). Magento
 * also writes `/` as `\/` and non-ASCII as `\uXXXX`: the same values to every reader, so these bytes are not reproduced.
 */
export function renderJson(value: unknown): string {
  return JSON.stringify(value ?? []);
}
