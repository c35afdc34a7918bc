import { type BrowserContext, expect, type Page } from '@playwright/test';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { randomNetwork } from '#tests/support/visitor.ts';
import { test as base } from './test-phone.ts';

interface WorkerFixtures {
  sandbox: Sandbox;
  app: AppServer;
  /** Added to the environment of the app; set with `test.use`. */
  appEnv: Readonly<Record<string, string>>;
}

interface Fixtures {
  messages: Messages;
  /** Unique to each test. */
  phoneNumber: TestPhoneNumber;
  login: LoginPage;
  /** Console errors and warnings of all pages. Tests remove those they expect; others fail them. */
  consoleProblems: string[];
}

interface TestPhoneNumber {
  /** In E.164. */
  e164: string;
  /** In Japanese national format. */
  text: string;
}

let phoneNumbers = 0;

export const test = base.extend<Fixtures, WorkerFixtures>({
  appEnv: [{}, { option: true, scope: 'worker' }],

  sandbox: [
    async ({}, use) => {
      const sandbox = await startSandbox();
      await use(sandbox);
      await sandbox.close();
    },
    { scope: 'worker' },
  ],

  sandboxUrl: [async ({ sandbox }, use) => use(sandbox.url), { scope: 'worker' }],

  app: [
    async ({ sandbox, appEnv }, use) => {
      const app = await startAppServer(sandbox.url, appEnv);
      await use(app);
      await app.stop();
    },
    { scope: 'worker' },
  ],

  extraHTTPHeaders: async ({}, use) => use({ 'x-forwarded-for': randomNetwork() }),

  baseURL: async ({ app }, use) => use(app.origin),

  messages: async ({ locale }, use) => use(locale?.startsWith('ja') ? ja : en),

  phoneNumber: async ({}, use, { workerIndex }) => {
    phoneNumbers += 1;
    const digits = String(10_000_000 + workerIndex * 100_000 + phoneNumbers);
    const text = `090-${digits.slice(0, 4)}-${digits.slice(4)}`;
    await use({ e164: `+8190${digits}`, text });
  },

  consoleProblems: async ({}, use) => {
    const problems: string[] = [];
    await use(problems);
    expect(problems).toEqual([]);
  },

  context: async ({ context, consoleProblems }, use) => {
    watchConsole(context, consoleProblems);
    await use(context);
  },

  login: async ({ page, messages }, use) => use(new LoginPage(page, messages)),
});

export { expect };

/** Collects console errors and warnings and uncaught exceptions from all pages of a context. */
export function watchConsole(context: BrowserContext, problems: string[]): void {
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      problems.push(message.text());
    }
  });
  context.on('weberror', (error) => problems.push(String(error.error())));
}

/** The login page, addressed by its visible texts as a person would. */
export class LoginPage {
  readonly page: Page;
  readonly messages: Messages;

  constructor(page: Page, messages: Messages) {
    this.page = page;
    this.messages = messages;
  }

  get field() {
    return this.page.getByLabel(this.messages.login.numberLabel, { exact: true });
  }

  get submit() {
    return this.page.getByRole('button', { name: this.messages.login.numberSubmit });
  }

  /** The call button, which has another label on a computer. */
  get call() {
    const { callButton, callHere } = this.messages.login;
    const link = (name: string) => this.page.getByRole('link', { name, exact: true });
    return link(callButton).or(link(callHere));
  }

  heading(text: string) {
    return this.page.getByRole('heading', { level: 1, name: text });
  }

  button(text: string) {
    return this.page.getByRole('button', { name: text });
  }

  async open(): Promise<void> {
    await this.page.goto('/login');
  }

  /** Types a phone number and submits it. */
  async enter(phoneNumberInput: string): Promise<void> {
    await this.field.fill(phoneNumberInput);
    await this.submit.click();
  }

  /** Opens the page and submits a phone number. Returns the number to call. */
  async start(phoneNumberInput: string): Promise<string> {
    await this.open();
    await this.enter(phoneNumberInput);
    return await this.callNumber();
  }

  /** Waits for the call step. Returns the number that the call button dials. */
  async callNumber(): Promise<string> {
    await expect(this.heading(this.messages.login.callHeading)).toBeVisible();
    const address = await this.call.getAttribute('href');
    return (address ?? '').replace('tel:', '');
  }

  /** Simulates returning to the page, which makes the app check with the vendor soon. */
  async returnToPage(): Promise<void> {
    await this.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  }

  async expectLoggedIn(phoneNumberText: string): Promise<void> {
    // Seen at once, where `toHaveURL` looks every half second.
    await this.page.waitForURL('/account', { waitUntil: 'commit' });
    await expect(this.heading(this.messages.account.heading)).toBeVisible();
    await expect(this.page.getByText(phoneNumberText)).toBeVisible();
  }
}
