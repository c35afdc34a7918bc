/** The nearest-rank percentile: `share` of the values are at or below it. NaN of no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two middle values. NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? upper) + upper) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** One figure over several rounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  rounds: readonly number[];
}

export function spreadOf(rounds: readonly number[]): Spread {
  return { median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds), rounds };
}

/** The spread of each of the named figures. */
export function spreadsOf<Name extends string>(
  rounds: readonly Readonly<Record<Name, number>>[],
  names: readonly Name[],
): Record<Name, Spread> {
  const entries = names.map((name) => [name, spreadOf(rounds.map((round) => round[name]))]);
  return Object.fromEntries(entries) as Record<Name, Spread>;
}

/** Formats a spread as median, minimum and maximum: `42 (40–47)`, with `digits` decimals. */
export function formatSpread({ median, min, max }: Spread, unit = '', digits = 0): string {
  const format = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${format(median)}${unit} (${format(min)}–${format(max)})`;
}
