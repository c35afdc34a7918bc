import type { Audit } from './audit.ts';
import { bytesOf, type Load, type ResourceKind } from './weigh.ts';

/** Everything one run has measured. */
export interface Figures {
  machine: Readonly<Record<string, string>>;
  measuredAt: string;
  loads: { numberStep: Load; callStep: Load; emptyPage: Load };
  /** From the empty field to the account, in one page. */
  journeyLayoutShift: number;
  audits: { numberStep: readonly Audit[]; callStep: readonly Audit[]; emptyPage: readonly Audit[] };
}

/** One line of the table. */
export interface Row {
  what: string;
  /** Null for what is told without being judged. */
  target: string | null;
  figure: string;
  holds: boolean;
}

/** `1 kB` is 1,000 bytes. */
const SCRIPT_ALLOWANCE_BYTES = 15_000;
const IMAGE_MAX_BYTES = 10_000;
const PERFORMANCE_MIN = 95;
/** Next sends smaller ones as they are. */
const COMPRESSED_FROM_BYTES = 1_024;

/** What was measured, each figure beside its target. */
export function judge(figures: Figures): Row[] {
  const { numberStep, callStep, emptyPage } = figures.loads;
  const emptyBytes = bytesOf(emptyPage, 'script');
  return [
    told('Scripts of the empty page', bytes(emptyBytes)),
    ...Object.entries({ 'number step': numberStep, 'call step': callStep }).flatMap(
      ([name, load]) => {
        const images = load.resources.filter(({ kind }) => kind === 'image');
        const largestImage = Math.max(0, ...images.map(({ bodyBytes }) => bodyBytes));
        const scripts = load.resources.filter(
          ({ kind, bodyBytes }) => kind === 'script' && bodyBytes >= COMPRESSED_FROM_BYTES,
        );
        const over = bytesOf(load, 'script') - emptyBytes;
        return [
          judged(
            `Scripts over the empty page, ${name}`,
            `≤ ${bytes(SCRIPT_ALLOWANCE_BYTES)}`,
            bytes(over),
            over <= SCRIPT_ALLOWANCE_BYTES,
          ),
          judged(
            `Scripts of 1 KiB and more sent as gzip, ${name}`,
            'all',
            `${scripts.filter(({ encoding }) => encoding === 'gzip').length} of ${scripts.length}`,
            scripts.length > 0 && scripts.every(({ encoding }) => encoding === 'gzip'),
          ),
          judged(`Web fonts, ${name}`, '0', String(count(load, 'font')), count(load, 'font') === 0),
          judged(
            `Largest of ${images.length} images, ${name}`,
            `≤ ${bytes(IMAGE_MAX_BYTES)}`,
            bytes(largestImage),
            largestImage <= IMAGE_MAX_BYTES,
          ),
          told(`Requests and bytes in all, ${name}`, inAll(load)),
        ];
      },
    ),
    told('Requests and bytes in all, empty page', inAll(emptyPage)),
    judged(
      'Layout shift from the empty field to the account',
      '0',
      figures.journeyLayoutShift.toFixed(3),
      figures.journeyLayoutShift === 0,
    ),
    ...judgeAudits('number step', figures.audits.numberStep),
    ...judgeAudits('call step', figures.audits.callStep),
    ...tellAudits('empty page', figures.audits.emptyPage),
  ];
}

/** The page of `bench/results/` that people read. */
export function asMarkdown(figures: Figures, rows: readonly Row[]): string {
  return `# What the login page weighs

\`npm run bench:page\`: the production build in Chromium, cold, and an empty page of the same Next with the
same settings beside it. Bytes are bodies as they came over the wire. Lighthouse runs on its own phone
with its own slow network and processor, simulated; a figure of several runs is their median, with the
least and the most in brackets.

${Object.entries({ ...figures.machine, Date: figures.measuredAt.slice(0, 10) })
  .map(([name, value]) => `${name}: ${value}`)
  .join(' · ')}
${isMachineTooBusy(figures) ? `\n${TOO_BUSY}\n` : ''}
| | target | measured | |
|---|---:|---:|---|
${rows
  .map(({ what, target, figure, holds }) => {
    const verdict = target === null ? '' : holds ? 'holds' : '**missed**';
    return `| ${what} | ${target ?? ''} | ${figure} | ${verdict} |`;
  })
  .join('\n')}
`;
}

const TOO_BUSY =
  'The empty page misses the target for speed as well: the machine was busy, and what is measured here ' +
  'of speed says little about the page.';

function isMachineTooBusy({ audits }: Figures): boolean {
  return median(audits.emptyPage.map(({ performance }) => performance)) < PERFORMANCE_MIN;
}

/** The middle of several figures; of an even number the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function judgeAudits(name: string, audits: readonly Audit[]): Row[] {
  const every = (holds: (audit: Audit) => boolean) => audits.length > 0 && audits.every(holds);
  const performance = median(audits.map((audit) => audit.performance));
  return [
    judged(
      `Lighthouse accessibility, ${name}`,
      '100',
      spread(audits, (audit) => audit.accessibility),
      every((audit) => audit.accessibility === 100),
    ),
    judged(
      `Lighthouse best practices, ${name}`,
      '100',
      spread(audits, (audit) => audit.bestPractices),
      every((audit) => audit.bestPractices === 100),
    ),
    judged(
      `Lighthouse performance, ${name}`,
      `≥ ${PERFORMANCE_MIN}`,
      spread(audits, (audit) => audit.performance),
      performance >= PERFORMANCE_MIN,
    ),
    judged(
      `Cumulative layout shift, ${name}`,
      '0',
      spread(audits, (audit) => audit.layoutShift, 3),
      every((audit) => audit.layoutShift === 0),
    ),
    ...tellTimes(name, audits),
  ];
}

/** Of a page that has no targets: what the framework and the machine come to by themselves. */
function tellAudits(name: string, audits: readonly Audit[]): Row[] {
  const performance = spread(audits, (audit) => audit.performance);
  return [told(`Lighthouse performance, ${name}`, performance), ...tellTimes(name, audits)];
}

function tellTimes(name: string, audits: readonly Audit[]): Row[] {
  const times = {
    'First contentful paint': (audit: Audit) => audit.firstContentfulPaintMs,
    'Largest contentful paint': (audit: Audit) => audit.largestContentfulPaintMs,
    'Total blocking time': (audit: Audit) => audit.totalBlockingTimeMs,
  };
  return Object.entries(times).map(([what, timeOf]) =>
    told(`${what}, ms, ${name}`, spread(audits, timeOf)),
  );
}

function spread(audits: readonly Audit[], figureOf: (audit: Audit) => number, digits = 0): string {
  const values = audits.map(figureOf);
  const show = (value: number) => value.toFixed(digits);
  return `${show(median(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function judged(what: string, target: string, figure: string, holds: boolean): Row {
  return { what, target, figure, holds };
}

function told(what: string, figure: string): Row {
  return { what, target: null, figure, holds: true };
}

function count(load: Load, kind: ResourceKind): number {
  return load.resources.filter((resource) => resource.kind === kind).length;
}

function inAll(load: Load): string {
  return `${load.resources.length}, ${bytes(bytesOf(load))}`;
}

function bytes(value: number): string {
  return `${value.toLocaleString('en')} B`;
}
