import type { Row } from './experiment.ts';
import type { Surroundings } from './machine.ts';
import type { BenchOptions } from './options.ts';

/** How the rows of a run read, as Markdown. */
export function writeReport(
  surroundings: Surroundings,
  options: BenchOptions,
  rows: readonly Row[],
): string {
  const { machine, versions, date, commit } = surroundings;
  const table = rows.map(
    ({ what, target, measured, beside, isMet }) =>
      `| ${what} | ${target} | ${measured} | ${beside} | ${isMet ? 'yes' : '**no**'} |`,
  );
  return [
    `# Benchmarks, ${date.slice(0, 10)}`,
    '',
    ...(options.isQuick
      ? ['**A quick run, to see that it all works: its figures mean nothing.**', '']
      : []),
    ...(options.isProfile ? ['**A profiled run: its figures count for nothing.**', ''] : []),
    `Commit ${commit}, ${date}. ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '',
    `Production builds in fresh processes, ${options.rounds} rounds with the order turned; each figure is the`,
    'median of the rounds, with the least and the most in brackets, except where a row says that it ran once. The',
    'load and the vendor’s sandbox run in processes of their own on the same machine. The limits on starts are set',
    'wide by configuration (`START_LIMIT_*`); nothing else differs from a deployment. How each row is measured:',
    '[bench/README.md](../README.md).',
    '',
    '| what | to reach | measured | beside it | reached |',
    '| --- | --- | --- | --- | --- |',
    ...table,
    '',
  ].join('\n');
}
