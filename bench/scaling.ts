/**
 * What the measured costs mean at larger scales: the tables in docs/scaling.md, reckoned from the
 * latest record in bench/results/ and from what `bench/store-size.ts` has left there. `npm run bench` calls it;
 * `node bench/scaling.ts` does it alone.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

const RESULTS = 'bench/results';
/** What `npm run bench` names its records by; other measurements keep theirs beside them. */
const RECORD = /^\d{4}-\d\d-\d\dT.*\.json$/;
export const STORE_SIZE_PATH = `${RESULTS}/store-size.json`;
const DOCUMENT = 'docs/scaling.md';
const BEGIN = '<!-- reckoned by bench/scaling.ts: begin -->';
const END = '<!-- reckoned by bench/scaling.ts: end -->';

const spread = z.object({ median: z.number() });

const recordSchema = z.object({
  date: z.string(),
  rows: z.array(z.object({ name: z.string(), figures: z.unknown() })),
});

export type BenchRecord = z.infer<typeof recordSchema>;

const bytesPerRow = z.object({
  user: z.number(),
  device: z.number(),
  session: z.number(),
  attempt: z.number(),
  event: z.number(),
});

const storeSizeSchema = z.object({
  date: z.string(),
  logins: z.number(),
  versions: z.object({ SQLite: z.string(), PostgreSQL: z.string() }),
  /** With the indexes. */
  bytesPerRow: z.object({ SQLite: bytesPerRow, PostgreSQL: bytesPerRow }),
});

export type StoreSize = z.infer<typeof storeSizeSchema>;

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
/** Unless configured otherwise. */
const ATTEMPT_DAYS = 7;
const EVENT_DAYS = 365;
const MANY_USERS = 100_000_000;

interface Scale {
  name: string;
  perSecond: number;
  store: keyof StoreSize['bytesPerRow'];
}

/** The block for the document, of a record or of none. */
export function reckon(record: BenchRecord | null, size: StoreSize): string {
  const costs = record === null ? null : costsOf(record);
  if (record === null || costs === null) {
    return 'Not measured yet: `npm run bench` fills this in.';
  }
  const comfortable = (USED_SHARE * 1_000) / costs.loginCpuMs;
  const shared = { store: 'PostgreSQL' } as const;
  const scales: readonly Scale[] = [
    { name: 'one process', perSecond: comfortable, store: 'SQLite' },
    { name: '10×', perSecond: comfortable * 10, ...shared },
    { name: '100×', perSecond: comfortable * 100, ...shared },
    { name: 'internet', perSecond: INTERNET_LOGINS_PER_SECOND, ...shared },
  ];
  const line = (what: string, of: (perSecond: number, store: Scale['store']) => string) =>
    `| ${what} | ${scales.map(({ perSecond, store }) => of(perSecond, store)).join(' | ')} |`;
  /** Of PostgreSQL, which the first column has none of. */
  const ofPostgres = (what: string, of: (perSecond: number) => number) =>
    line(what, (perSecond, store) => (store === 'SQLite' ? '' : count(of(perSecond))));
  const cores = (perSecond: number, ms: number) => (perSecond * ms) / 1_000 / USED_SHARE;
  const appMs = { SQLite: costs.loginCpuMs, PostgreSQL: costs.sharedLoginCpuMs + waitingMs(costs) };
  return [
    `Measured ${record.date.slice(0, 10)} (\`bench/results/\`): a login costs ${costs.loginCpuMs.toFixed(1)} ms of CPU on`,
    `SQLite and ${costs.sharedLoginCpuMs.toFixed(1)} ms on PostgreSQL and Redis, ${costs.postgresCpuMs.toFixed(1)} ms more in PostgreSQL itself`,
    `with ${costs.commits.toFixed(1)} commits, ${costs.browserRequests.toFixed(1)} requests of the browser and ${costs.vendorRequests.toFixed(1)} to the vendor; a browser that`,
    `waits costs ${count(costs.waitingCpuMicroseconds)} µs of CPU each second and ${count(costs.waitingBytes / 1_024)} KiB.`,
    '',
    'The column of one process is SQLite’s, the others are those of PostgreSQL and Redis. A core is one that is used',
    `to ${USED_SHARE * 100} %.`,
    '',
    `| | ${scales.map(({ name }) => name).join(' | ')} |`,
    `| --- | ${scales.map(() => '---:').join(' | ')} |`,
    line('logins per second', count),
    line('waiting browsers', (perSecond) => count(perSecond * DIAL_SECONDS)),
    line('their memory, GiB', (perSecond) =>
      ((perSecond * DIAL_SECONDS * costs.waitingBytes) / 2 ** 30).toFixed(1),
    ),
    line('cores for the app', (perSecond, store) => count(cores(perSecond, appMs[store]))),
    ofPostgres('cores for PostgreSQL', (perSecond) => cores(perSecond, costs.postgresCpuMs)),
    ofPostgres('commits of PostgreSQL per second', (perSecond) => perSecond * costs.commits),
    line('vendor requests per second', (perSecond) => count(perSecond * costs.vendorRequests)),
    line('rows of events per day, millions', (perSecond) =>
      ((perSecond * EVENTS_PER_LOGIN * DAY_SECONDS) / 1e6).toFixed(1),
    ),
    line('attempts that are kept, GiB', (perSecond, store) =>
      gib(perSecond * DAY_SECONDS * ATTEMPT_DAYS * size.bytesPerRow[store].attempt),
    ),
    line('events that are kept, GiB', (perSecond, store) =>
      gib(perSecond * DAY_SECONDS * EVENT_DAYS * EVENTS_PER_LOGIN * size.bytesPerRow[store].event),
    ),
    '',
    ...describeSize(size),
  ].join('\n');
}

function describeSize({ date, logins, versions, bytesPerRow }: StoreSize): string[] {
  const { SQLite, PostgreSQL } = bytesPerRow;
  const names = ['user', 'device', 'session', 'attempt', 'event'] as const;
  const cells = (row: typeof SQLite) => names.map((name) => row[name]).join(' | ');
  const ofMany = (row: typeof SQLite) => gib(MANY_USERS * (row.user + row.device + row.session));
  return [
    `The store was measured ${date.slice(0, 10)} by \`bench/store-size.ts\`: the bytes of a row with all its indexes, after`,
    `${logins.toLocaleString('en')} first logins were written to a new one, without what PostgreSQL has to vacuum away.`,
    `Attempts are kept for ${ATTEMPT_DAYS} days and events for ${EVENT_DAYS}, unless configured otherwise.`,
    '',
    `| bytes of one | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '---:').join(' | ')} |`,
    `| SQLite ${versions.SQLite} | ${cells(SQLite)} |`,
    `| PostgreSQL ${versions.PostgreSQL} | ${cells(PostgreSQL)} |`,
    '',
    `A hundred million users, each with one device and one session, are ${ofMany(SQLite)} GiB on SQLite and`,
    `${ofMany(PostgreSQL)} GiB on PostgreSQL.`,
  ];
}

function gib(bytes: number): string {
  return count(bytes / 2 ** 30);
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
  const size = storeSizeSchema.parse(JSON.parse(readFileSync(STORE_SIZE_PATH, 'utf8')));
  const document = readFileSync(DOCUMENT, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`${DOCUMENT} has lost the marks of the block that is reckoned`);
  }
  writeFileSync(
    DOCUMENT,
    `${document.slice(0, begin)}${BEGIN}\n\n${reckon(record, size)}\n\n${document.slice(end)}`,
  );
  // The linter wants its columns in line.
  spawnSync('node_modules/.bin/biome', ['format', '--write', DOCUMENT], { stdio: 'ignore' });
}

if (import.meta.main) {
  updateScaling();
}
