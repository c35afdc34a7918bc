import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { crashMessages } from '#lib/shared/messages/crash.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';
import type { ControlClient } from '#sandbox/control-client.ts';
import type { Sandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { orderFailures } from '#tests/support/failing-statements.ts';
import { userAgents, Visitor } from '#tests/support/visitor.ts';
import { callUntilAsked, expect, type LoginPage } from './journey.ts';

interface TourParts {
  page: Page;
  app: AppServer;
  appEnv: Readonly<Record<string, string>>;
  sandbox: Sandbox;
  vendor: ControlClient;
  login: LoginPage;
  messages: Messages;
  /** Nobody else's. */
  phoneNumber: { e164: string };
}

/** Called at each state, while it is on the page. */
type AttemptStatus = (state: string, page: Page) => Promise<void>;

/** A way through some of the states that the pages have. */
interface Tour {
  title: string;
  go(parts: TourParts, look: AttemptStatus): Promise<void>;
}

/** Where somebody else is that logs in. */
const ELSEWHERE = '198.51.100.23';

/** What Chromium and React note of refused numbers, ends of attempts, trouble and missing pages. */
export const notedOnTours =
  /status of (?:403|404|408|409|410|422|500|503)|ERR_INTERNET_DISCONNECTED|React error #441/;

/** Together they come through every state; each is named once. */
export const tours: readonly Tour[] = [
  // The first of its server: what it says of dates is good for a minute.
  { title: 'logged in', go: logIn },
  { title: 'not logged in yet', go: waitInVain },
  { title: 'a server that polls once and takes nobody new', go: beTurnedAway },
  { title: 'two browsers at one time', go: contest },
  { title: 'two tabs, one of which changes the number', go: cancelElsewhere },
];

async function logIn(parts: TourParts, look: AttemptStatus): Promise<void> {
  const { page, app, vendor, login, messages, phoneNumber } = parts;
  const { account, handoff } = messages;
  await login.open();
  await page.getByLabel(messages.login.remember).check();
  await login.enter(phoneNumber.e164);
  const callNumber = await login.callNumber();
  const onPhone = await openHandoff(page);
  await look('15-handoff', onPhone);
  // The moment of success is short: "no content" keeps the browser where it is.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  const leaving = page.waitForRequest('**/account');
  await vendor.call(phoneNumber.e164, callNumber);
  await expect(login.heading(messages.login.verifiedHeading)).toBeVisible();
  await look('08-verified', page);
  await leaving;
  await page.unroute('**/account');
  await onPhone.reload();
  await expect(onPhone.getByRole('heading', { name: handoff.verifiedHeading })).toBeVisible();
  await look('16-handoff-verified', onPhone);
  await onPhone.close();
  await page.goto('/account');
  await expect(login.button(account.logOut)).toBeEnabled();
  await look('09-account', page);
  const visitor = elsewhere(app);
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber.e164)).json());
  await vendor.call(phoneNumber.e164, attempt.call_number);
  await visitor.status();
  await page.reload();
  await expect(login.button(account.endElsewhere)).toBeEnabled();
  await look('10-account-new-device', page);
  await login.button(account.endThere).last().click();
  await expect(page.getByText(account.events.session_ended)).toBeVisible();
  await look('11-account-ended', page);
  await login.button(account.logOut).click();
  await expect(login.button(messages.login.numberSubmit)).toBeEnabled();
  await look('12-remembered', page);
}

async function waitInVain(parts: TourParts, look: AttemptStatus): Promise<void> {
  const { page, vendor, login, messages, phoneNumber } = parts;
  await login.open();
  await expect(login.submit).toBeEnabled();
  await look('01-number', page);
  await page.getByText(messages.login.otherCountry).click();
  await look('02-number-country', page);
  await page.getByText(messages.login.otherCountry).click();
  await login.enter('0120-123-456');
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await look('03-number-problem', page);
  await login.enter(phoneNumber.e164);
  await login.callNumber();
  await look('04-call', page);
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
  await look('05-call-ladder', page);
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: phoneNumber.e164 });
  await login.comeBack();
  await expect(page.getByText(messages.login.waiting.passing.text).first()).toBeVisible();
  await look('06-call-trouble', page);
  await vendor.clearFaults(phoneNumber.e164);
  // Otherwise the answer that it is over arrives after all, and takes the next one's place.
  await expect(page.getByText(messages.login.waiting.passing.text)).toHaveCount(0);
  await page.context().setOffline(true);
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await look('17-call-offline', page);
  await page.context().setOffline(false);
  await expect(page.getByText(messages.login.waiting.disconnected.text)).toHaveCount(0);
  const onPhone = await openHandoff(page);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.comeBack();
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await look('07-expired', page);
  await onPhone.reload();
  await expect(onPhone.getByRole('heading', { name: messages.handoff.overHeading })).toBeVisible();
  await look('18-handoff-over', onPhone);
  await onPhone.close();
  await page.goto('/nowhere');
  await expect(login.heading(messages.site.notFoundHeading)).toBeVisible();
  await look('14-not-found', page);
  await breakLayout(page);
  await login.open();
  await expect(login.heading(crashMessages.en.heading)).toBeVisible();
  await look('23-error-of-layout', page);
  await page.unrouteAll();
}

async function beTurnedAway(parts: TourParts, look: AttemptStatus): Promise<void> {
  const { page, sandbox, appEnv, vendor, login, messages, phoneNumber } = parts;
  const folder = await mkdtemp(join(tmpdir(), 'call-login-'));
  const ordersPath = join(folder, 'order');
  const failures = orderFailures(ordersPath);
  const failing = new URL('../tests/support/failing-statements.ts', import.meta.url).href;
  const app = await startAppServer(sandbox.url, {
    ...appEnv,
    NODE_OPTIONS: `${appEnv.NODE_OPTIONS ?? ''} --import=${failing}`,
    FAILING_STATEMENTS: ordersPath,
    STATUS_WAIT_SECONDS: '0',
    POLL_LIMIT: '1',
    SIGNUP: 'closed',
    HELP_URL: 'https://help.example/login',
  });
  await page.goto(`${app.origin}/login`);
  await login.enter(phoneNumber.e164);
  await expect(page.getByText(messages.login.waiting.paused.text).first()).toBeVisible();
  await look('13-call-paused', page);
  failures.order(1, 'mistake');
  await page.reload();
  const { heading } = crashMessages[await languageOf(page)];
  await expect(login.heading(heading)).toBeVisible();
  failures.lift();
  await look('22-error', page);
  await page.reload();
  await expect(page.getByText(messages.login.waiting.paused.text).first()).toBeVisible();
  await callUntilAsked(vendor, phoneNumber.e164, await login.callNumber());
  await login.button(messages.login.called).click();
  await expect(login.heading(messages.login.failedHeading)).toBeVisible();
  await look('21-failed', page);
  await app.stop();
  await rm(folder, { recursive: true });
}

async function contest(parts: TourParts, look: AttemptStatus): Promise<void> {
  const { page, app, vendor, login, messages, phoneNumber } = parts;
  await vendor.setOptions({ call_numbers: 'shared' });
  await login.open();
  await login.enter(phoneNumber.e164);
  const callNumber = await login.callNumber();
  await elsewhere(app).start(phoneNumber.e164);
  await vendor.call(phoneNumber.e164, callNumber);
  await expect(login.heading(messages.login.contestedHeading)).toBeVisible();
  await vendor.setOptions({ call_numbers: 'distinct' });
  await look('19-contested', page);
}

async function cancelElsewhere(parts: TourParts, look: AttemptStatus): Promise<void> {
  const { page, login, messages, phoneNumber } = parts;
  await login.open();
  await login.enter(phoneNumber.e164);
  await login.callNumber();
  const otherTab = await page.context().newPage();
  await otherTab.goto('/login');
  await otherTab.getByRole('button', { name: messages.login.callChange }).click();
  await expect(login.heading(messages.login.cancelledHeading)).toBeVisible();
  await otherTab.close();
  await look('20-cancelled', page);
}

/** Has the layout of the login page arrive as if a part of it had thrown on the server. */
async function breakLayout(page: Page): Promise<void> {
  const part = /(\w+):I\[[^\]]*\],\\"LanguageSwitch\\"[^\]]*\]/;
  await page.route('**/login', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(part, '$1:E{\\"digest\\":\\"1\\"}');
    await route.fulfill({ response, body });
  });
}

/** What the QR code of the call step leads to, in a tab of its own. */
async function openHandoff(page: Page): Promise<Page> {
  const address = await page.locator('a[href*="/call/"]').getAttribute('href');
  const opened = await page.context().newPage();
  await opened.clock.setFixedTime(await page.evaluate(() => Date.now()));
  await opened.goto(address ?? '');
  await expect(opened.getByRole('timer')).toBeVisible();
  return opened;
}

function elsewhere(app: AppServer): Visitor {
  const visitor = new Visitor(app.origin);
  visitor.userAgent = userAgents.firefoxOnAndroid;
  visitor.network = ELSEWHERE;
  return visitor;
}

async function languageOf(page: Page): Promise<'ja' | 'en'> {
  return (await page.locator('html').getAttribute('lang')) === 'ja' ? 'ja' : 'en';
}
