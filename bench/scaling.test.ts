import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BenchRecord, reckon } from './scaling.ts';

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

const cellsOf = (name: string) =>
  reckon(record)
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

  it('adds what waiting costs to what a login costs', () => {
    // 100/s × (8 ms + 20 s × 50 µs/s) = 0.9 cores of work, on cores used to 60 %.
    expect(cellsOf('cores for the app')).toEqual(['1.5', '15', '150', '150']);
    expect(cellsOf('cores for PostgreSQL')?.[0]).toBe('0.5');
  });

  it('says that it knows nothing without a record, or with half of one', () => {
    expect(reckon(null)).toMatch(/^Not measured yet/);
    expect(reckon({ ...record, rows: record.rows.slice(1) })).toMatch(/^Not measured yet/);
  });

  it('finds its place in the document', () => {
    const document = readFileSync('docs/scaling.md', 'utf8');
    expect(document).toMatch(
      /reckoned by bench\/scaling\.ts: begin -->[\s\S]*bench\/scaling\.ts: end/,
    );
  });
});
