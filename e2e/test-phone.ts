import { test as base, expect, type Page } from '@playwright/test';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';

/** A phone of the sandbox, for end-to-end tests: calls what the vendor listens to. */
export interface TestPhone {
  /**
   * Calls a number and hangs up.
   *
   * @param from the phone number of the caller, which `withheld` keeps from the vendor.
   * @param to the number that the login page shows.
   * @returns whether the call verified somebody.
   */
  call(from: string, to: string, options?: { withheld?: boolean }): Promise<boolean>;
  /**
   * Logs in on a page that asks for it, or else on `/login`, and waits until the page has left it.
   *
   * @param phoneNumber as a person types it.
   */
  logIn(page: Page, phoneNumber: string): Promise<void>;
}

interface WorkerFixtures {
  /** Where the sandbox listens, which must be the vendor of the app; set with `use`. */
  sandboxUrl: string;
}

interface Fixtures {
  /** The switches of the sandbox: faults, clock, requests. */
  vendor: ControlClient;
  testPhone: TestPhone;
}

/** Playwright's `test` with a test phone. The app under test is `baseURL`. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  sandboxUrl: ['http://127.0.0.1:4010', { option: true, scope: 'worker' }],

  vendor: async ({ sandboxUrl }, use) => use(createControlClient(sandboxUrl)),

  testPhone: async ({ vendor }, use) => use(createTestPhone(vendor)),
});

function createTestPhone(vendor: ControlClient): TestPhone {
  const call: TestPhone['call'] = async (from, to, { withheld = false } = {}) =>
    (await vendor.call(withheld ? null : from, to)).length > 0;
  return {
    call,
    async logIn(page, phoneNumber) {
      if (!isLogin(new URL(page.url()))) {
        await page.goto('/login');
      }
      await page.locator('input[name=phone_number]').fill(phoneNumber);
      await page.locator('form:has(input[name=phone_number]) button[type=submit]').click();
      const address = await page.locator('a[href^="tel:"]').first().getAttribute('href');
      expect(await call(phoneNumber, (address ?? '').replace('tel:', ''))).toBe(true);
      await page.waitForURL((url) => !isLogin(url));
    },
  };
}

function isLogin({ pathname }: { pathname: string }): boolean {
  return pathname === '/login';
}
