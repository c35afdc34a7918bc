import { describe, expect, it } from 'vitest';
import type { Audit } from './audit.ts';
import { asMarkdown, type Figures, judge } from './report.ts';
import type { Load, LoadedResource } from './weigh.ts';

const script: LoadedResource = {
  path: '/a.js',
  kind: 'script',
  bodyBytes: 100_000,
  encoding: 'br',
};
const good: Audit = {
  accessibility: 100,
  bestPractices: 100,
  performance: 95,
  firstContentfulPaintMs: 900,
  largestContentfulPaintMs: 1_400,
  totalBlockingTimeMs: 100,
  layoutShift: 0,
  findings: [],
};

const loadOf = (...resources: LoadedResource[]): Load => ({ resources, layoutShift: 0 });

/** A run that meets every target exactly, with the changes of a test. */
function figuresWith(changes: Partial<Figures> = {}): Figures {
  const page = loadOf(
    { ...script, bodyBytes: 115_000 },
    { path: '/icon.svg', kind: 'image', bodyBytes: 10_000, encoding: null },
  );
  return {
    surroundings: {
      date: '2026-11-01T00:00:00.000Z',
      commit: '0123abc',
      machine: { cpu: 'abacus', cores: 2, memoryGib: 1, system: 'linux' },
      versions: { next: '16.0.0' },
    },
    loads: { numberStep: page, callStep: page, emptyPage: loadOf(script) },
    journeyLayoutShift: 0,
    audits: { numberStep: [good], callStep: [good], emptyPage: [good] },
    ...changes,
  };
}

function missedIn(figures: Figures): string[] {
  return judge(figures)
    .filter(({ isMet }) => !isMet)
    .map(({ what }) => what);
}

describe('judge', () => {
  it('accepts figures that meet every target exactly', () => {
    expect(missedIn(figuresWith())).toEqual([]);
  });

  it.each<[string, LoadedResource[]]>([
    ['Scripts beyond the empty page, number step', [{ ...script, bodyBytes: 115_001 }]],
    [
      'Scripts of 1 KiB and more sent in Brotli, number step',
      [{ ...script, bodyBytes: 1_024, encoding: null }],
    ],
    [
      'Web fonts, number step',
      [script, { path: '/a.woff2', kind: 'font', bodyBytes: 1, encoding: null }],
    ],
    [
      'Largest of 1 images, number step',
      [script, { path: '/a.png', kind: 'image', bodyBytes: 10_001, encoding: null }],
    ],
  ])('rejects: %s', (what, resources) => {
    const figures = figuresWith();
    const loads = { ...figures.loads, numberStep: loadOf(...resources) };
    expect(missedIn({ ...figures, loads })).toEqual([what]);
  });

  it('rejects any layout shift', () => {
    expect(missedIn(figuresWith({ journeyLayoutShift: 0.001 }))).toEqual([
      'Layout shift from the empty field to the account',
    ]);
  });

  it.each<[string, Partial<Audit>]>([
    ['Lighthouse accessibility, call step', { accessibility: 99 }],
    ['Lighthouse best practices, call step', { bestPractices: 99 }],
    ['Cumulative layout shift, call step', { layoutShift: 0.001 }],
  ])('rejects, even in one of several runs: %s', (what, change) => {
    const audits = { ...figuresWith().audits, callStep: [good, { ...good, ...change }, good] };
    expect(missedIn(figuresWith({ audits }))).toEqual([what]);
  });

  it('judges performance by the median of the runs', () => {
    const slow = { ...good, performance: 80 };
    const audits = { ...figuresWith().audits, callStep: [good, slow, good] };
    expect(missedIn(figuresWith({ audits }))).toEqual([]);
    expect(missedIn(figuresWith({ audits: { ...audits, callStep: [slow, good, slow] } }))).toEqual([
      'Lighthouse performance, call step',
    ]);
  });

  it('rejects a page without a Lighthouse run', () => {
    const audits = { ...figuresWith().audits, numberStep: [] };
    expect(missedIn(figuresWith({ audits }))).toHaveLength(4);
  });

  it('is printed as a table of figures and targets, with the machine', () => {
    const figures = figuresWith({ journeyLayoutShift: 0.25 });
    const text = asMarkdown(figures, judge(figures));
    expect(text).toContain('abacus, 2 cores');
    expect(text).toContain(
      '| Scripts beyond the empty page, number step | ≤ 15,000 B | 15,000 B | yes |',
    );
    expect(text).toContain(
      '| Layout shift from the empty field to the account | 0 | 0.250 | **no** |',
    );
  });
});

it('notes when the machine was too busy to judge speed', () => {
  const slow = { ...good, performance: 94 };
  const busy = figuresWith({ audits: { numberStep: [slow], callStep: [slow], emptyPage: [slow] } });
  expect(asMarkdown(busy, judge(busy))).toContain('the machine was busy');
  expect(missedIn(busy)).toContain('Lighthouse performance, number step');
  const idle = figuresWith();
  expect(asMarkdown(idle, judge(idle))).not.toContain('busy');
});
