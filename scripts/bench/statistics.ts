/** What is said of a series of measurements. */
export interface Summary {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** Of few values p99 is the largest. */
export function summarise(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    n: sorted.length,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
  };
}

/** The median; NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  return summarise(values)?.p50 ?? NaN;
}

/** The smallest value that at least this share of all values do not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? NaN;
}

/** The same keys, each with what is made of its value. */
export function mapValues<K extends string, V, W>(
  from: Readonly<Record<K, V>>,
  map: (value: V) => W,
): Record<K, W> {
  return Object.fromEntries(
    Object.entries(from).map(([key, value]) => [key, map(value as V)]),
  ) as Record<K, W>;
}
