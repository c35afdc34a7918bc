import { setTimeout as delay } from 'node:timers/promises';
import { Browser } from './browser.ts';
import type { LoginsResult, Site } from './jobs.ts';
import { pages } from './pages.ts';
import { call, nextNumber } from './phone.ts';

interface Waiting {
  browser: Browser;
  phoneNumber: string;
  callNumber: string;
  startedAt: number;
  loggedIn: Promise<number>;
}

/** Browsers that have started an attempt and poll until they are logged in or closed. */
export class WaitingBrowsers {
  readonly #site: Site;
  readonly #waiting: Waiting[] = [];
  readonly #leaving = new AbortController();
  #failures: string[] = [];

  constructor(site: Site) {
    this.#site = site;
  }

  async open(count: number, concurrency: number) {
    let left = count;
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (left > 0) {
          left -= 1;
          await this.#openOne();
        }
      }),
    );
    return { failures: this.#failures };
  }

  /** Calls for `count` of them, `perSecond` each second. */
  async wake(count: number, perSecond: number): Promise<LoginsResult> {
    const startedAt = performance.now();
    const logins: LoginsResult['logins'] = [];
    const failures: string[] = [];
    const woken = this.#waiting.splice(0, count);
    await Promise.all(
      woken.map(async ({ phoneNumber, callNumber, loggedIn, browser, ...one }, index) => {
        await delay((index * 1_000) / perSecond);
        const calledAt = performance.now();
        try {
          await call(this.#site.sandboxUrl, phoneNumber, callNumber);
          const loggedInAt = await loggedIn;
          const totalMs = loggedInAt - one.startedAt;
          const { requests, refused } = browser;
          logins.push({ latencyMs: loggedInAt - calledAt, totalMs, requests, refused });
          failures.push(...refusals(browser));
        } catch (error) {
          failures.push(String(error));
        } finally {
          browser.close();
        }
      }),
    );
    return { logins, failures, wallMs: performance.now() - startedAt };
  }

  leave() {
    this.#leaving.abort();
    for (const { browser } of this.#waiting) {
      this.#failures.push(...refusals(browser));
      browser.close();
    }
    return { failures: this.#failures };
  }

  async #openOne(): Promise<void> {
    const page = pages[this.#site.app];
    const { number, phoneNumber } = nextNumber();
    const browser = new Browser(this.#site.origins, number);
    const startedAt = performance.now();
    try {
      const callNumber = await page.start(browser, phoneNumber);
      const loggedIn = page
        .waitForLogin(browser, this.#leaving.signal)
        .then(() => performance.now());
      loggedIn.catch((error) => {
        if (!this.#leaving.signal.aborted) {
          this.#failures.push(String(error));
        }
      });
      this.#waiting.push({ browser, phoneNumber, callNumber, startedAt, loggedIn });
    } catch (error) {
      this.#failures.push(String(error));
      browser.close();
    }
  }
}

/** Refused requests count as failures here, although the page repeats them by itself. */
function refusals({ refused }: Browser): string[] {
  return Array.from({ length: refused }, () => 'a request was refused with a retry time');
}

/** Starts attempts and does not poll them. @returns the cookies of each. */
export async function openAttempts(site: Site, count: number): Promise<{ cookies: string[] }> {
  const cookies: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { number, phoneNumber } = nextNumber();
    const browser = new Browser(site.origins, number);
    await pages[site.app].start(browser, phoneNumber);
    cookies.push(browser.cookieHeader());
    browser.close();
  }
  return { cookies };
}
