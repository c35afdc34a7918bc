import { setTimeout as delay } from 'node:timers/promises';
import { Browser } from './browser.ts';
import type { LoginsResult, Site } from './jobs.ts';
import { pages } from './pages.ts';
import { call, nextNumber } from './phone.ts';

type Login = LoginsResult['logins'][number];

/** Runs `count` logins, `perSecond` of them begun each second. */
export async function arrivals(
  site: Site,
  options: { count: number; perSecond: number; dial: { minMs: number; maxMs: number } },
): Promise<LoginsResult> {
  const { count, perSecond, dial } = options;
  const record = createRecord();
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await delay((index * 1_000) / perSecond);
      await record.add(logIn(site, dial.minMs + Math.random() * (dial.maxMs - dial.minMs)));
    }),
  );
  return record.result();
}

/** Runs logins one after another in each browser. Those under way at the end are completed. */
export async function backToBack(
  site: Site,
  options: { browsers: number; durationMs: number },
): Promise<LoginsResult> {
  const record = createRecord();
  const endAt = performance.now() + options.durationMs;
  await Promise.all(
    Array.from({ length: options.browsers }, async () => {
      while (performance.now() < endAt) {
        await record.add(logIn(site, 0));
      }
    }),
  );
  return record.result();
}

/** Sends starts one after another from each of `browsers`, each from a new browser. */
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
          await pages[site.app].start(browser, phoneNumber);
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

/** One login in a new browser. */
async function logIn(site: Site, dialMs: number): Promise<Login> {
  const page = pages[site.app];
  const { number, phoneNumber } = nextNumber();
  const browser = new Browser(site.origins, number);
  try {
    const startedAt = performance.now();
    const callNumber = await page.start(browser, phoneNumber);
    let calledAt = performance.now();
    let loggedInAt = calledAt;
    // The page polls as soon as it shows the number.
    const loggedIn = page.waitForLogin(browser);
    const called = (async () => {
      if (dialMs > 0) {
        await delay(dialMs);
      }
      calledAt = performance.now();
      if (site.app !== 'empty-app') {
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
      refused: browser.refused,
    };
  } finally {
    browser.close();
  }
}

function createRecord() {
  const logins: Login[] = [];
  const failures: string[] = [];
  const startedAt = performance.now();
  return {
    add: async (login: Promise<Login>) => {
      try {
        logins.push(await login);
      } catch (error) {
        failures.push(String(error));
      }
    },
    result: (): LoginsResult => ({ logins, failures, wallMs: performance.now() - startedAt }),
  };
}
