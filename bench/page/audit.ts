import lighthouse from 'lighthouse';

/** The result of one Lighthouse run: scores of 0 to 100, times in milliseconds. */
export interface Audit {
  accessibility: number;
  bestPractices: number;
  performance: number;
  firstContentfulPaintMs: number;
  largestContentfulPaintMs: number;
  totalBlockingTimeMs: number;
  layoutShift: number;
  /** The ids of audits with a score below 0.9. */
  findings: readonly string[];
}

/** A page with a held request never becomes network-idle. */
const MAX_WAIT_MS = 20_000;

/**
 * Runs Lighthouse once, with its simulated phone, network and processor, and a cold cache.
 *
 * @param options.debuggingPort of the Chromium to use.
 * @param options.cookie header of the visitor; empty for a new one.
 * @throws if Lighthouse cannot load the page.
 */
export async function audit(
  url: string,
  options: { debuggingPort: number; cookie: string },
): Promise<Audit> {
  const result = await lighthouse(url, {
    port: options.debuggingPort,
    output: 'json',
    logLevel: 'error',
    onlyCategories: ['accessibility', 'best-practices', 'performance'],
    maxWaitForLoad: MAX_WAIT_MS,
    extraHeaders: {
      'accept-language': 'ja-JP',
      ...(options.cookie === '' ? {} : { cookie: options.cookie }),
    },
  });
  const report = result?.lhr;
  if (report === undefined || report.runtimeError !== undefined) {
    throw new Error(`Lighthouse: ${report?.runtimeError?.message ?? 'no result'}`);
  }
  if (new URL(report.finalDisplayedUrl).pathname !== new URL(url).pathname) {
    throw new Error(`Lighthouse was redirected to ${report.finalDisplayedUrl}`);
  }
  const score = (category: string) => {
    const value = report.categories[category]?.score;
    if (typeof value !== 'number') {
      throw new Error(`Lighthouse has no score for ${category}`);
    }
    return Math.round(value * 100);
  };
  const measure = (name: string) => {
    const value = report.audits[name]?.numericValue;
    if (value === undefined) {
      throw new Error(`Lighthouse has no figure for ${name}`);
    }
    return value;
  };
  return {
    accessibility: score('accessibility'),
    bestPractices: score('best-practices'),
    performance: score('performance'),
    firstContentfulPaintMs: measure('first-contentful-paint'),
    largestContentfulPaintMs: measure('largest-contentful-paint'),
    totalBlockingTimeMs: measure('total-blocking-time'),
    layoutShift: measure('cumulative-layout-shift'),
    findings: Object.values(report.categories).flatMap((category) =>
      category.auditRefs
        .filter(({ id, weight }) => weight > 0 && (report.audits[id]?.score ?? 1) < 0.9)
        .map(({ id }) => id),
    ),
  };
}
