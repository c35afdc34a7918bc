/**
 * What the measured costs mean at larger scales: the table in docs/scaling.md, reckoned from the
 * latest record in bench/results/. `npm run bench` calls it; `node bench/scaling.ts` does it alone.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

const RESULTS = 'bench/results';
/** What `npm run bench` names its records by; other measurements keep theirs beside them. */
const RECORD = /^\d{4}-\d\d-\d\dT.*\.json$/;
const DOCUMENT = 'docs/scaling.md';
const BEGIN = '<!-- reckoned by bench/scaling.ts: begin -->';
const END = '<!-- reckoned by bench/scaling.ts: end -->';

const spread = z.object({ median: z.number() });

const recordSchema = z.object({
  date: z.string(),
  rows: z.array(z.object({ name: z.string(), figures: z.unknown() })),
});

export type BenchRecord = z.infer<typeof recordSchema>;

/** The figures of single rows that are reckoned with. */
const rowSchemas = {
  'vendor-requests': z.object({ withCallbacks: spread, without: spread }),
  'browser-requests': z.object({ withCallbacks: spread }),
  'cpu-per-login': z.object({ withCallbacks: spread }),
  waiting: z.object({
    summaries: z
      .array(
        z.object({
          size: z.number(),
          rssBytesPerBrowser: spread,
          idleMicrosecondsPerBrowserSecond: spread,
        }),
      )
      .min(1),
  }),
  processes: z.object({
    summaries: z
      .array(
        z.object({
          cpuMsPerLogin: spread,
          postgresCpuMsPerLogin: spread,
          commitsPerLogin: spread,
        }),
      )
      .min(1),
  }),
};

/** What one login, and one browser that waits, cost where they were measured. */
interface Costs {
  vendorRequests: number;
  browserRequests: number;
  /** With a 20 s dial, on SQLite. */
  loginCpuMs: number;
  waitingCpuMicroseconds: number;
  waitingBytes: number;
  /** On the largest deployment measured, on PostgreSQL and Redis, with a dial of 1 to 3 s. */
  sharedLoginCpuMs: number;
  postgresCpuMs: number;
  commits: number;
}

/** From the number on the page to the call. */
const DIAL_SECONDS = 20;
/** Of a core, and no more: the rest is for peaks, deploys and a process that is gone. */
const USED_SHARE = 0.6;
const EVENTS_PER_LOGIN = 3;
const DAY_SECONDS = 86_400;
const INTERNET_LOGINS_PER_SECOND = 10_000;

/** The block for the document, of a record or of none. */
export function reckon(record: BenchRecord | null): string {
  const costs = record === null ? null : costsOf(record);
  if (record === null || costs === null) {
    return 'Not measured yet: `npm run bench` fills this in.';
  }
  const comfortable = (USED_SHARE * 1_000) / costs.loginCpuMs;
  const scales: readonly (readonly [string, number])[] = [
    ['one process', comfortable],
    ['10×', comfortable * 10],
    ['100×', comfortable * 100],
    ['internet', INTERNET_LOGINS_PER_SECOND],
  ];
  const line = (what: string, of: (perSecond: number) => string) =>
    `| ${what} | ${scales.map(([, perSecond]) => of(perSecond)).join(' | ')} |`;
  const cores = (ms: number) => (perSecond: number) => count((perSecond * ms) / 1_000 / USED_SHARE);
  return [
    `Measured ${record.date.slice(0, 10)} (\`bench/results/\`): a login costs ${costs.loginCpuMs.toFixed(1)} ms of CPU on`,
    `SQLite and ${costs.sharedLoginCpuMs.toFixed(1)} ms on PostgreSQL and Redis, ${costs.postgresCpuMs.toFixed(1)} ms more in PostgreSQL itself`,
    `with ${costs.commits.toFixed(1)} commits, ${costs.browserRequests.toFixed(1)} requests of the browser and ${costs.vendorRequests.toFixed(1)} to the vendor; a browser that`,
    `waits costs ${count(costs.waitingCpuMicroseconds)} µs of CPU each second and ${count(costs.waitingBytes / 1_024)} KiB.`,
    '',
    `| | ${scales.map(([name]) => name).join(' | ')} |`,
    `| --- | ${scales.map(() => '---:').join(' | ')} |`,
    line('logins per second', (perSecond) => count(perSecond)),
    line('waiting browsers', (perSecond) => count(perSecond * DIAL_SECONDS)),
    line('their memory, GiB', (perSecond) =>
      ((perSecond * DIAL_SECONDS * costs.waitingBytes) / 2 ** 30).toFixed(1),
    ),
    line('cores for the app', cores(costs.sharedLoginCpuMs + waitingMs(costs))),
    line('cores for PostgreSQL', cores(costs.postgresCpuMs)),
    line('commits per second', (perSecond) => count(perSecond * costs.commits)),
    line('vendor requests per second', (perSecond) => count(perSecond * costs.vendorRequests)),
    line('rows of events per day, millions', (perSecond) =>
      ((perSecond * EVENTS_PER_LOGIN * DAY_SECONDS) / 1e6).toFixed(1),
    ),
  ].join('\n');
}

/** What waiting adds to a login that was measured with a short dial. */
function waitingMs(costs: Costs): number {
  return (DIAL_SECONDS * costs.waitingCpuMicroseconds) / 1_000;
}

function costsOf({ rows }: BenchRecord): Costs | null {
  const figures = <T>(name: string, schema: z.ZodType<T>): T | null => {
    const row = rows.find((one) => one.name === name);
    return row === undefined ? null : schema.parse(row.figures);
  };
  const vendor = figures('vendor-requests', rowSchemas['vendor-requests']);
  const browser = figures('browser-requests', rowSchemas['browser-requests']);
  const login = figures('cpu-per-login', rowSchemas['cpu-per-login']);
  const waiting = figures('waiting', rowSchemas.waiting)?.summaries.at(-1);
  const shared = figures('processes', rowSchemas.processes)?.summaries.at(-1);
  return vendor === null || browser === null || login === null || !waiting || !shared
    ? null
    : {
        vendorRequests: vendor.withCallbacks.median,
        browserRequests: browser.withCallbacks.median,
        loginCpuMs: login.withCallbacks.median,
        waitingCpuMicroseconds: waiting.idleMicrosecondsPerBrowserSecond.median,
        waitingBytes: waiting.rssBytesPerBrowser.median,
        sharedLoginCpuMs: shared.cpuMsPerLogin.median,
        postgresCpuMs: shared.postgresCpuMsPerLogin.median,
        commits: shared.commitsPerLogin.median,
      };
}

/** Two digits say all that such a reckoning knows. */
function count(value: number): string {
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 2 }).format(value);
}

/** Writes the block anew, each row from the latest record that has it. */
export function updateScaling(): void {
  const records = readdirSync(RESULTS)
    .filter((name) => RECORD.test(name))
    .toSorted()
    .toReversed()
    .map((name) => recordSchema.parse(JSON.parse(readFileSync(`${RESULTS}/${name}`, 'utf8'))));
  const [latest] = records;
  const record =
    latest === undefined ? null : { date: latest.date, rows: records.flatMap(({ rows }) => rows) };
  const document = readFileSync(DOCUMENT, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`${DOCUMENT} has lost the marks of the block that is reckoned`);
  }
  writeFileSync(
    DOCUMENT,
    `${document.slice(0, begin)}${BEGIN}\n\n${reckon(record)}\n\n${document.slice(end)}`,
  );
  // The linter wants its columns in line.
  spawnSync('node_modules/.bin/biome', ['format', '--write', DOCUMENT], { stdio: 'ignore' });
}

if (import.meta.main) {
  updateScaling();
}
