import { describeSurroundings, type Surroundings } from '../machine.ts';
import { formatSpread, median, spreadOf } from '../statistics.ts';
import type { Audit } from './audit.ts';
import { bytesOf, type Load } from './weigh.ts';

/** Everything that one run has measured. */
export interface Figures {
  surroundings: Surroundings;
  loads: { numberStep: Load; callStep: Load; emptyPage: Load };
  /** From the empty field to the account, in one page. */
  journeyLayoutShift: number;
  audits: { numberStep: readonly Audit[]; callStep: readonly Audit[]; emptyPage: readonly Audit[] };
}

/** One line of the table. */
export interface Row {
  what: string;
  /** Null if there is none. */
  target: string | null;
  figure: string;
  isMet: boolean;
}

/** `1 kB` is 1,000 bytes. */
export const SCRIPT_ALLOWANCE_BYTES = 15_000;
const IMAGE_MAX_BYTES = 10_000;
const PERFORMANCE_MIN = 95;
/** Smaller ones fit into one packet. */
const COMPRESSED_FROM_BYTES = 1_024;

/** Compares the figures with the targets. */
export function judge({ loads, audits, journeyLayoutShift }: Figures): Row[] {
  const emptyBytes = bytesOf(loads.emptyPage, 'script');
  return [
    told('Scripts of the empty page', bytes(emptyBytes)),
    ...judgeLoad('number step', loads.numberStep, emptyBytes),
    ...judgeLoad('call step', loads.callStep, emptyBytes),
    told('Requests and bytes in total, empty page', total(loads.emptyPage)),
    judged(
      'Layout shift from the empty field to the account',
      '0',
      journeyLayoutShift.toFixed(3),
      journeyLayoutShift === 0,
    ),
    ...judgeAudits('number step', audits.numberStep),
    ...judgeAudits('call step', audits.callStep),
    told(
      'Lighthouse performance, empty page',
      spread(audits.emptyPage, ({ performance }) => performance),
    ),
    ...tellTimes('empty page', audits.emptyPage),
  ];
}

/** The record of a run, as Markdown. */
export function asMarkdown(figures: Figures, rows: readonly Row[]): string {
  const performance = figures.audits.emptyPage.map((audit) => audit.performance);
  const isMachineTooBusy = median(performance) < PERFORMANCE_MIN;
  return `# Weight and speed of the login page

\`npm run bench:page\`: the production build in Chromium with a cold cache, beside an empty page of the same Next
with the same settings. Bytes are those of compressed bodies. Lighthouse simulates its own phone, network and
processor; its figures are the median of several runs, with minimum and maximum in brackets.

${describeSurroundings(figures.surroundings)}
${isMachineTooBusy ? `\n${TOO_BUSY}\n` : ''}
| | target | measured | met |
|---|---:|---:|---|
${rows
  .map(({ what, target, figure, isMet }) => {
    const verdict = target === null ? '' : isMet ? 'yes' : '**no**';
    return `| ${what} | ${target ?? ''} | ${figure} | ${verdict} |`;
  })
  .join('\n')}
`;
}

const TOO_BUSY =
  'The empty page misses the target for speed too: the machine was busy, and the times say little about the login page.';

function judgeLoad(name: string, load: Load, emptyBytes: number): Row[] {
  const ofKind = (kind: string) => load.resources.filter((resource) => resource.kind === kind);
  const images = ofKind('image');
  const fonts = ofKind('font');
  const largestImage = Math.max(0, ...images.map(({ bodyBytes }) => bodyBytes));
  const scripts = ofKind('script').filter(({ bodyBytes }) => bodyBytes >= COMPRESSED_FROM_BYTES);
  const compressed = scripts.filter(({ encoding }) => encoding === 'br');
  const over = bytesOf(load, 'script') - emptyBytes;
  return [
    judged(
      `Scripts beyond the empty page, ${name}`,
      `≤ ${bytes(SCRIPT_ALLOWANCE_BYTES)}`,
      bytes(over),
      over <= SCRIPT_ALLOWANCE_BYTES,
    ),
    judged(
      `Scripts of 1 KiB and more sent in Brotli, ${name}`,
      'all',
      `${compressed.length} of ${scripts.length}`,
      scripts.length > 0 && compressed.length === scripts.length,
    ),
    judged(`Web fonts, ${name}`, '0', String(fonts.length), fonts.length === 0),
    judged(
      `Largest of ${images.length} images, ${name}`,
      `≤ ${bytes(IMAGE_MAX_BYTES)}`,
      bytes(largestImage),
      largestImage <= IMAGE_MAX_BYTES,
    ),
    told(`Requests and bytes in total, ${name}`, total(load)),
  ];
}

function judgeAudits(name: string, audits: readonly Audit[]): Row[] {
  const every = (isMet: (audit: Audit) => boolean) => audits.length > 0 && audits.every(isMet);
  return [
    judged(
      `Lighthouse accessibility, ${name}`,
      '100',
      spread(audits, ({ accessibility }) => accessibility),
      every(({ accessibility }) => accessibility === 100),
    ),
    judged(
      `Lighthouse best practices, ${name}`,
      '100',
      spread(audits, ({ bestPractices }) => bestPractices),
      every(({ bestPractices }) => bestPractices === 100),
    ),
    judged(
      `Lighthouse performance, ${name}`,
      `≥ ${PERFORMANCE_MIN}`,
      spread(audits, ({ performance }) => performance),
      median(audits.map(({ performance }) => performance)) >= PERFORMANCE_MIN,
    ),
    judged(
      `Cumulative layout shift, ${name}`,
      '0',
      spread(audits, ({ layoutShift }) => layoutShift, 3),
      every(({ layoutShift }) => layoutShift === 0),
    ),
    ...tellTimes(name, audits),
  ];
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
  return formatSpread(spreadOf(audits.map(figureOf)), '', digits);
}

function judged(what: string, target: string, figure: string, isMet: boolean): Row {
  return { what, target, figure, isMet };
}

function told(what: string, figure: string): Row {
  return { what, target: null, figure, isMet: true };
}

function total(load: Load): string {
  return `${load.resources.length}, ${bytes(bytesOf(load))}`;
}

function bytes(value: number): string {
  return `${value.toLocaleString('en')} B`;
}
