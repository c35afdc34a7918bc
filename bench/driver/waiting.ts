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

/** Browsers that have started and wait for a login, beyond the end of the job that opened them. */
export class WaitingBrowsers {
  readonly #site: Site;
  readonly #waiting: Waiting[] = [];
  readonly #leaving = new AbortController();
  #failures: string[] = [];
  #polls = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  async open(count: number, atATime: number) {
    let left = count;
    await Promise.all(
      Array.from({ length: atATime }, async () => {
        while (left > 0) {
          left -= 1;
          await this.#openOne();
        }
      }),
    );
    return { waiting: this.#waiting.length, failures: this.#failures };
  }

  /** Calls for so many of them, at a steady pace. */
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
          const { requests, putOff } = browser;
          logins.push({ latencyMs: loggedInAt - calledAt, totalMs, requests, putOff });
          failures.push(...putOffs(browser));
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
      this.#polls += browser.requests - 1;
      this.#failures.push(...putOffs(browser));
      browser.close();
    }
    return { polls: this.#polls, failures: this.#failures };
  }

  async #openOne(): Promise<void> {
    const page = pages[this.#site.kind];
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

/** Nobody is to be told to come back later here, although the page does so by itself. */
function putOffs({ putOff }: Browser): string[] {
  return Array.from({ length: putOff }, () => 'a request was put off with an error');
}

/** Attempts that nobody polls. */
export async function openAttempts(site: Site, count: number): Promise<{ cookies: string[] }> {
  const cookies: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { number, phoneNumber } = nextNumber();
    const browser = new Browser(site.origins, number);
    await pages[site.kind].start(browser, phoneNumber);
    cookies.push(browser.cookieHeader());
    browser.close();
  }
  return { cookies };
}
