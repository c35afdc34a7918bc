import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BenchRecord, reckon, type StoreSize } from './scaling.ts';

const spread = (median: number) => ({ median });

const record: BenchRecord = {
  date: '2026-11-24T15:00:00.000Z',
  rows: [
    { name: 'vendor-requests', figures: { withCallbacks: spread(3), without: spread(12) } },
    { name: 'browser-requests', figures: { withCallbacks: spread(2) } },
    { name: 'cpu-per-login', figures: { withCallbacks: spread(6) } },
    {
      name: 'waiting',
      figures: {
        summaries: [
          {
            size: 10_000,
            rssBytesPerBrowser: spread(64 * 1_024),
            idleMicrosecondsPerBrowserSecond: spread(50),
          },
        ],
      },
    },
    {
      name: 'processes',
      figures: {
        summaries: [
          {
            cpuMsPerLogin: spread(8),
            postgresCpuMsPerLogin: spread(3),
            commitsPerLogin: spread(15),
          },
        ],
      },
    },
  ],
};

const size: StoreSize = {
  date: '2026-11-24T15:00:00.000Z',
  logins: 1_000,
  versions: { SQLite: '3.53.4', PostgreSQL: '18.4' },
  bytesPerRow: {
    SQLite: { user: 200, device: 150, session: 300, attempt: 1_000, event: 100 },
    PostgreSQL: { user: 300, device: 200, session: 500, attempt: 2_000, event: 200 },
  },
};

const cellsOf = (name: string) =>
  reckon(record, size)
    .split('\n')
    .find((line) => line.startsWith(`| ${name} |`))
    ?.split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());

describe('the reckoning of larger scales', () => {
  it('gives a process 60 % of a core, and multiplies from there', () => {
    expect(cellsOf('logins per second')).toEqual(['100', '1,000', '10,000', '10,000']);
  });

  it('has everybody wait for 20 s', () => {
    expect(cellsOf('waiting browsers')).toEqual(['2,000', '20,000', '200,000', '200,000']);
    expect(cellsOf('their memory, GiB')).toEqual(['0.1', '1.2', '12.2', '12.2']);
  });

  it('reckons one process on SQLite, where it has one core and no PostgreSQL', () => {
    expect(cellsOf('cores for the app')?.[0]).toBe('1');
    expect(cellsOf('cores for PostgreSQL')?.[0]).toBe('');
    expect(cellsOf('commits of PostgreSQL per second')?.[0]).toBe('');
  });

  it('adds what waiting costs to what a login costs on PostgreSQL with a short dial', () => {
    // 1,000/s × (8 ms + 20 s × 50 µs/s) = 9 cores of work, on cores used to 60 %.
    expect(cellsOf('cores for the app')?.slice(1)).toEqual(['15', '150', '150']);
    expect(cellsOf('cores for PostgreSQL')?.slice(1)).toEqual(['5', '50', '50']);
  });

  it('has attempts kept for a week, events for a year, and users for good', () => {
    // 100/s × 86,400 s × 7 × 1,000 bytes, and ten times the logins of twice the size.
    expect(cellsOf('attempts that are kept, GiB')?.slice(0, 2)).toEqual(['56', '1,100']);
    // 100/s × 86,400 s × 365 × 3 × 100 bytes.
    expect(cellsOf('events that are kept, GiB')?.slice(0, 2)).toEqual(['880', '18,000']);
    expect(reckon(record, size)).toContain('are 61 GiB on SQLite and\n93 GiB on PostgreSQL');
  });

  it('says that it knows nothing without a record, or with half of one', () => {
    expect(reckon(null, size)).toMatch(/^Not measured yet/);
    expect(reckon({ ...record, rows: record.rows.slice(1) }, size)).toMatch(/^Not measured yet/);
  });

  it('finds its place in the document', () => {
    const document = readFileSync('docs/scaling.md', 'utf8');
    expect(document).toMatch(
      /reckoned by bench\/scaling\.ts: begin -->[\s\S]*bench\/scaling\.ts: end/,
    );
  });
});
