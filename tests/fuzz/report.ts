import type { Tally } from './campaign.ts';

/** The result as a Markdown table. */
export function tableOf(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ target, runs, ms, finding }) => [
    target.name,
    runs.toLocaleString('en'),
    (ms / 1_000).toFixed(1),
    perSecond(runs, ms).toLocaleString('en'),
    finding === null ? '0' : '1',
  ]);
  const header = ['target', 'runs', 'seconds', 'runs per second', 'findings'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

/** A finding, with the command that repeats it. */
export function describeFinding({ target, finding }: Tally, seed: number): string {
  if (finding === null) {
    return '';
  }
  return [
    `${target.name}: does not hold: ${target.holds}`,
    `  repeat: npm run fuzz -- --seed ${seed} --run ${finding.run} ${target.name}`,
    `  counterexample, shrunk ${finding.shrinks} times: ${finding.counterexample}`,
    `  ${finding.reason.replaceAll('\n', '\n  ')}`,
  ].join('\n');
}

/** The result as JSON. */
export function jsonOf(tallies: readonly Tally[], seed: number) {
  return {
    seed,
    targets: tallies.map(({ target, runs, ms, finding }) => ({
      target: target.name,
      holds: target.holds,
      runs,
      seconds: Math.round(ms) / 1_000,
      runs_per_second: perSecond(runs, ms),
      findings: finding === null ? [] : [finding],
    })),
  };
}

function perSecond(runs: number, ms: number): number {
  return ms === 0 ? 0 : Number(((runs * 1_000) / ms).toPrecision(3));
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
