import type { Bench, Row } from './experiment.ts';
import { describeSurroundings, type Surroundings } from './machine.ts';
import { formatSpread, spreadOf } from './statistics.ts';

/** The record of a run, as Markdown. */
export function writeReport(
  surroundings: Surroundings,
  { options, otherCores }: Pick<Bench, 'options' | 'otherCores'>,
  rows: readonly Row[],
): string {
  const table = rows.map(
    ({ what, target, measured, baselines, isMet }) =>
      `| ${what} | ${target} | ${measured} | ${baselines} | ${isMet ? 'yes' : '**no**'} |`,
  );
  const others = spreadOf(otherCores.map(({ cores }) => cores));
  return [
    `# Benchmarks, ${surroundings.date.slice(0, 10)}`,
    '',
    ...(options.isQuick ? ['**A quick run: its figures mean nothing.**', ''] : []),
    ...(options.isProfile ? ['**A profiled run: its figures mean nothing.**', ''] : []),
    describeSurroundings(surroundings),
    '',
    `Production builds in fresh processes. Rounds per case: ${options.rounds}. Each figure is the median of the rounds, with minimum and`,
    'maximum in brackets, except where a row says that it ran once. Load driver and sandbox run in processes of',
    'their own on the same machine. How each row is measured: [bench/README.md](../README.md).',
    '',
    ...(otherCores.length === 0
      ? []
      : [
          `Processes that do not belong to the run used ${formatSpread(others, '', 2)} of ${surroundings.machine.cores} cores during its rounds.`,
          '',
        ]),
    '| what | target | measured | baselines | reached |',
    '| --- | --- | --- | --- | --- |',
    ...table,
    '',
  ].join('\n');
}
