import type { Browser, BrowserContextOptions, Page } from '@playwright/test';

/**
 * Not `isMobile`: Chromium takes its change of the viewport for user input, and ignores layout shifts
 * in the half second after it.
 */
const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 3,
  hasTouch: true,
  locale: 'ja-JP',
} satisfies BrowserContextOptions;

const KINDS = ['document', 'stylesheet', 'script', 'image', 'font'] as const;

export type ResourceKind = (typeof KINDS)[number] | 'other';

/** One response as Chromium received it. */
export interface LoadedResource {
  path: string;
  kind: ResourceKind;
  /** Of the compressed body, without headers. */
  bodyBytes: number;
  encoding: string | null;
}

/** What a page loads with a cold cache. */
export interface Load {
  resources: readonly LoadedResource[];
  /** The sum of all layout shifts while the page was open. */
  layoutShift: number;
}

/**
 * Opens a page in a new browser context and records what it loads.
 *
 * @param visit does everything with the page, up to the last request that counts.
 */
export async function weigh(
  browser: Browser,
  options: BrowserContextOptions,
  visit: (page: Page) => Promise<void>,
): Promise<Load> {
  const context = await browser.newContext({ ...phone, ...options });
  const page = await context.newPage();
  let layoutShift = 0;
  await page.exposeFunction('reportLayoutShift', (value: number) => {
    layoutShift += value;
  });
  await page.addInitScript(watchLayoutShifts);

  const resources = new Map<string, LoadedResource>();
  const devtools = await context.newCDPSession(page);
  devtools.on('Network.responseReceived', ({ requestId, response, type }) => {
    resources.set(requestId, {
      path: new URL(response.url).pathname,
      kind: kindOf(type, response.mimeType),
      // Received so far: the headers, which do not count.
      bodyBytes: -response.encodedDataLength,
      encoding: headerOf(response.headers, 'content-encoding'),
    });
  });
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const resource = resources.get(requestId);
    if (resource !== undefined) {
      resource.bodyBytes += encodedDataLength;
    }
  });
  await devtools.send('Network.enable');

  await visit(page);
  await page.evaluate(reportLayoutShiftsNow);
  await context.close();
  const finished = [...resources.values()].filter(({ bodyBytes }) => bodyBytes >= 0);
  return { resources: finished, layoutShift };
}

/** The body bytes of all resources, or of one kind. */
export function bytesOf(load: Load, kind?: ResourceKind): number {
  return load.resources
    .filter((resource) => kind === undefined || resource.kind === kind)
    .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
}

/** Runs in the page. Shifts right after user input do not count, as in Chromium's own metric. */
function watchLayoutShifts(): void {
  const report = async (entries: readonly PerformanceEntry[]) => {
    for (const entry of entries) {
      if ('value' in entry && 'hadRecentInput' in entry && entry.hadRecentInput === false) {
        await Reflect.apply(Reflect.get(window, 'reportLayoutShift'), window, [entry.value]);
      }
    }
  };
  let reported = Promise.resolve();
  const observer = new PerformanceObserver((list) => {
    reported = Promise.all([reported, report(list.getEntries())]).then(() => {});
  });
  observer.observe({ type: 'layout-shift', buffered: true });
  Reflect.set(window, 'reportLayoutShiftsNow', async () => {
    await Promise.all([reported, report(observer.takeRecords())]);
  });
}

/** Runs in the page: waits until the shifts so far are painted and reported. */
async function reportLayoutShiftsNow(): Promise<void> {
  for (let frames = 0; frames < 2; frames += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  await Reflect.apply(Reflect.get(window, 'reportLayoutShiftsNow'), window, []);
}

function kindOf(type: string, mimeType: string): ResourceKind {
  const kind = mimeType.startsWith('image/') ? 'image' : type.toLowerCase();
  return KINDS.find((each) => each === kind) ?? 'other';
}

function headerOf(headers: Readonly<Record<string, string>>, name: string): string | null {
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name);
  return found?.[1] ?? null;
}
