import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';
import { ControlClient } from '#sandbox/control-client.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { randomNetwork } from '#tests/support/visitor.ts';

interface WorkerParts {
  sandbox: Sandbox;
  app: AppServer;
  /** On top of the environment of the tested server; for `test.use` in a describe block. */
  appEnv: Readonly<Record<string, string>>;
}

interface Parts {
  messages: Messages;
  /** Nobody else's: each journey has its own. */
  phoneNumber: PhoneNumberOfJourney;
  vendor: ControlClient;
  login: LoginPage;
  /** Problems in the console of any page; a journey that expects one takes it out. */
  consoleProblems: string[];
}

interface PhoneNumberOfJourney {
  /** E.164, as the vendor has it. */
  e164: string;
  /** As a person in Japan writes it. */
  text: string;
}

let journeys = 0;

/** Places a call, and waits until the vendor has been asked about it: its callback has come. */
export async function callUntilAsked(
  vendor: ControlClient,
  phoneNumber: string,
  callNumber: string,
): Promise<void> {
  const checks = async () =>
    (await vendor.requests(phoneNumber)).filter(({ kind }) => kind === 'check').length;
  const before = await checks();
  await vendor.call(phoneNumber, callNumber);
  await expect.poll(checks).toBeGreaterThan(before);
}

export const test = base.extend<Parts, WorkerParts>({
  appEnv: [{}, { option: true, scope: 'worker' }],

  sandbox: [
    async ({}, use) => {
      const sandbox = await startSandbox();
      await use(sandbox);
      await sandbox.close();
    },
    { scope: 'worker' },
  ],

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
    journeys += 1;
    const digits = String(10_000_000 + workerIndex * 100_000 + journeys);
    const text = `090-${digits.slice(0, 4)}-${digits.slice(4)}`;
    await use({ e164: `+8190${digits}`, text });
  },

  vendor: async ({ sandbox }, use) => use(new ControlClient(sandbox.url)),

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

/** Collects what goes wrong in any page of a context, to be looked at when the journey is over. */
export function watchConsole(context: BrowserContext, problems: string[]): void {
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      problems.push(message.text());
    }
  });
  context.on('weberror', (error) => problems.push(String(error.error())));
}

/** The login page as a person uses it: by what it says and shows. */
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

  /** The call button, which says on a computer that it calls from there. */
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

  /** Types a number and asks for the number to call. */
  async enter(phoneNumberInput: string): Promise<void> {
    await this.field.fill(phoneNumberInput);
    await this.submit.click();
  }

  /** Goes from nothing to the call step. */
  async start(phoneNumberInput: string): Promise<string> {
    await this.open();
    await this.enter(phoneNumberInput);
    return await this.callNumber();
  }

  /** The number that the call button dials. */
  async callNumber(): Promise<string> {
    await expect(this.heading(this.messages.login.callHeading)).toBeVisible();
    const address = await this.call.getAttribute('href');
    return (address ?? '').replace('tel:', '');
  }

  /** Comes back to the page from elsewhere, which has the vendor asked soon. */
  async comeBack(): Promise<void> {
    await this.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  }

  async expectLoggedIn(phoneNumberText: string): Promise<void> {
    await expect(this.page).toHaveURL('/account');
    await expect(this.heading(this.messages.account.heading)).toBeVisible();
    await expect(this.page.getByText(phoneNumberText)).toBeVisible();
  }
}
