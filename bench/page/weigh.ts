import type { Browser, BrowserContextOptions, Page } from '@playwright/test';

/**
 * How the tables' phone looks at a page. Not `isMobile`: Chromium takes its change of the viewport for
 * something a person did, and forgives every shift of the first half second.
 */
const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 3,
  hasTouch: true,
  locale: 'ja-JP',
} satisfies BrowserContextOptions;

export type ResourceKind = 'document' | 'stylesheet' | 'script' | 'image' | 'font' | 'other';

/** One answer as Chromium took it off the wire. */
export interface LoadedResource {
  path: string;
  kind: ResourceKind;
  /** Of the body, as it was compressed; without headers. */
  bodyBytes: number;
  encoding: string | null;
}

/** What a page loads, cold. */
export interface Load {
  resources: readonly LoadedResource[];
  /** How far things have moved while the page was there: the sum of its layout shifts. */
  layoutShift: number;
}

/**
 * Opens a page in a browser that knows nothing and writes down what it loads.
 *
 * @param visit does everything with the page, from its first request to the last that counts.
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
      // What has come so far, the headers, is no part of it.
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

/** How many bytes of a kind a page loads. */
export function bytesOf(load: Load, kind?: ResourceKind): number {
  return load.resources
    .filter((resource) => kind === undefined || resource.kind === kind)
    .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
}

/** Runs in the page. What follows a person's press at once is no shift, says Chromium itself. */
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

/** Runs in the page: waits until what has moved so far is painted, and reported. */
async function reportLayoutShiftsNow(): Promise<void> {
  for (let frames = 0; frames < 2; frames += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  await Reflect.apply(Reflect.get(window, 'reportLayoutShiftsNow'), window, []);
}

function kindOf(type: string, mimeType: string): ResourceKind {
  if (mimeType.startsWith('image/')) {
    return 'image';
  }
  switch (type) {
    case 'Document':
      return 'document';
    case 'Stylesheet':
      return 'stylesheet';
    case 'Script':
      return 'script';
    case 'Font':
      return 'font';
    default:
      return 'other';
  }
}

function headerOf(headers: Readonly<Record<string, string>>, name: string): string | null {
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name);
  return found?.[1] ?? null;
}
