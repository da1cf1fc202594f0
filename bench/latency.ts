/** Percentiles in milliseconds; undefined when nothing was measured. */
export interface LatencySummary {
  p50?: number;
  p95?: number;
  p99?: number;
}

/** Exact percentiles (nearest rank) of latencies in milliseconds. */
export function summarise(latencies: readonly number[]): LatencySummary {
  if (latencies.length === 0) return {};
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The median of numbers; undefined of none. An even count gives the mean of the middle two. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
