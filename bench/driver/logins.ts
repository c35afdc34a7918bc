import { setTimeout as delay } from 'node:timers/promises';
import { Browser } from './browser.ts';
import type { LoginsResult, Site } from './jobs.ts';
import { pages } from './pages.ts';
import { call, nextNumber } from './phone.ts';

type Login = LoginsResult['logins'][number];

/** So many logins, begun one after another at a steady pace. */
export async function arrivals(
  site: Site,
  options: { count: number; perSecond: number; dial: { minMs: number; maxMs: number } },
): Promise<LoginsResult> {
  const { count, perSecond, dial } = options;
  const record = startRecord();
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await delay((index * 1_000) / perSecond);
      await record.take(logIn(site, dial.minMs + Math.random() * (dial.maxMs - dial.minMs)));
    }),
  );
  return record.result();
}

/** Logins one after another in each of so many browsers, for so long; those under way are finished. */
export async function backToBack(
  site: Site,
  options: { browsers: number; durationMs: number },
): Promise<LoginsResult> {
  const record = startRecord();
  const endAt = performance.now() + options.durationMs;
  await Promise.all(
    Array.from({ length: options.browsers }, async () => {
      while (performance.now() < endAt) {
        await record.take(logIn(site, 0));
      }
    }),
  );
  return record.result();
}

/** Starts one after another in each of so many browsers, for so long. */
export async function starts(site: Site, options: { browsers: number; durationMs: number }) {
  const timesMs: number[] = [];
  const failures: string[] = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: options.browsers }, async () => {
      while (performance.now() < startedAt + options.durationMs) {
        const { number, phoneNumber } = nextNumber();
        const browser = new Browser(site.origins, number);
        const sentAt = performance.now();
        try {
          await pages[site.kind].start(browser, phoneNumber);
          timesMs.push(performance.now() - sentAt);
        } catch (error) {
          failures.push(String(error));
        } finally {
          browser.close();
        }
      }
    }),
  );
  return { timesMs, failures, wallMs: performance.now() - startedAt };
}

/** One login in a browser that comes for the first time. */
async function logIn(site: Site, dialMs: number): Promise<Login> {
  const page = pages[site.kind];
  const { number, phoneNumber } = nextNumber();
  const browser = new Browser(site.origins, number);
  try {
    const startedAt = performance.now();
    const callNumber = await page.start(browser, phoneNumber);
    let calledAt = performance.now();
    let loggedInAt = calledAt;
    // The page polls as soon as it shows the number; nobody calls sooner than that.
    const loggedIn = page.waitForLogin(browser);
    const called = (async () => {
      if (dialMs > 0) {
        await delay(dialMs);
      }
      calledAt = performance.now();
      if (site.kind !== 'floor') {
        await call(site.sandboxUrl, phoneNumber, callNumber);
      }
    })();
    await Promise.all([
      called,
      loggedIn.then(() => {
        loggedInAt = performance.now();
      }),
    ]);
    return {
      latencyMs: loggedInAt - calledAt,
      totalMs: loggedInAt - startedAt,
      requests: browser.requests,
      putOff: browser.putOff,
    };
  } finally {
    browser.close();
  }
}

function startRecord() {
  const logins: Login[] = [];
  const failures: string[] = [];
  const startedAt = performance.now();
  return {
    take: async (login: Promise<Login>) => {
      try {
        logins.push(await login);
      } catch (error) {
        failures.push(String(error));
      }
    },
    result: (): LoginsResult => ({ logins, failures, wallMs: performance.now() - startedAt }),
  };
}
