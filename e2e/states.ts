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
import { createFaultInjector } from '#tests/support/failing-statements.ts';
import { userAgents, Visitor } from '#tests/support/visitor.ts';
import { addAuthenticator } from './authenticator.ts';
import { expect, type LoginPage } from './journey.ts';
import type { TestPhone } from './test-phone.ts';

interface TourFixtures {
  page: Page;
  app: AppServer;
  appEnv: Readonly<Record<string, string>>;
  /** The folder of the build that a tour starts servers from; this tree's when left out. */
  build?: string;
  sandbox: Sandbox;
  vendor: ControlClient;
  testPhone: TestPhone;
  login: LoginPage;
  messages: Messages;
  /** Used by no other test. */
  phoneNumber: { e164: string };
}

/** Called in each state, with the state's name and the page that shows it. */
type OnState = (state: string, page: Page) => Promise<void>;

/** A walk through some of the pages' states. */
interface Tour {
  title: string;
  go(fixtures: TourFixtures, onState: OnState): Promise<void>;
}

/** The network of the other visitor's logins. */
const OTHER_NETWORK = '198.51.100.23';

/** What Chromium and React log for refused numbers, ended attempts, outages and missing pages. */
export const expectedConsoleMessages =
  /status of (?:403|404|408|409|410|422|500|503)|ERR_INTERNET_DISCONNECTED|React error #441/;

/** Together, the tours visit every state of the pages; each state is named once. */
export const tours: readonly Tour[] = [
  // First, while the server is new: the page shows dates to the minute.
  { title: 'logged in', go: logIn },
  { title: 'not logged in', go: expire },
  { title: 'one poll only, sign-up closed', go: refuseSignup },
  { title: 'a contested attempt', go: contest },
  { title: 'an attempt cancelled in another tab', go: cancelInOtherTab },
  { title: 'a passkey', go: usePasskey },
];

async function logIn(fixtures: TourFixtures, onState: OnState): Promise<void> {
  const { page, app, testPhone, login, messages, phoneNumber } = fixtures;
  const { account, handoff } = messages;
  await login.open();
  await page.getByLabel(messages.login.remember).check();
  await login.enter(phoneNumber.e164);
  const callNumber = await login.callNumber();
  const onPhone = await openHandoff(page);
  await onState('15-handoff', onPhone);
  // The completed step is shown briefly: a 204 keeps the browser on it.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  const redirected = page.waitForRequest('**/account');
  await testPhone.call(phoneNumber.e164, callNumber);
  await expect(login.heading(messages.login.completedHeading)).toBeVisible();
  await onState('08-completed', page);
  await redirected;
  await page.unroute('**/account');
  await onPhone.reload();
  await expect(onPhone.getByRole('heading', { name: handoff.verifiedHeading })).toBeVisible();
  await onState('16-handoff-verified', onPhone);
  await onPhone.close();
  await page.goto('/account');
  await expect(login.button(account.logOut)).toBeEnabled();
  await onState('09-account', page);
  const visitor = otherVisitor(app);
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber.e164)).json());
  await testPhone.call(phoneNumber.e164, attempt.call_number);
  await visitor.status();
  await page.reload();
  await expect(login.button(account.endOtherSessions)).toBeEnabled();
  await onState('10-account-new-device', page);
  await login.button(account.endSession).last().click();
  await expect(page.getByText(account.events.session_ended)).toBeVisible();
  await onState('11-account-ended', page);
  await login.button(account.logOut).click();
  await expect(login.button(messages.login.numberSubmit)).toBeEnabled();
  await onState('12-remembered', page);
}

async function expire(fixtures: TourFixtures, onState: OnState): Promise<void> {
  const { page, vendor, login, messages, phoneNumber } = fixtures;
  await login.open();
  await expect(login.submit).toBeEnabled();
  await onState('01-number', page);
  await page.getByText(messages.login.otherCountry).click();
  await onState('02-number-country', page);
  await page.getByText(messages.login.otherCountry).click();
  await login.enter('0120-123-456');
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await onState('03-number-problem', page);
  await login.enter(phoneNumber.e164);
  await login.callNumber();
  await onState('04-call', page);
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
  await onState('05-call-troubleshooting', page);
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: phoneNumber.e164 });
  await login.returnToPage();
  await expect(page.getByText(messages.login.waiting.retrying.text).first()).toBeVisible();
  await onState('06-call-trouble', page);
  await vendor.clearFaults(phoneNumber.e164);
  // Otherwise the reply to the pending poll arrives later and clears the notice of the next state.
  await expect(page.getByText(messages.login.waiting.retrying.text)).toHaveCount(0);
  await page.context().setOffline(true);
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await onState('17-call-offline', page);
  await page.context().setOffline(false);
  await expect(page.getByText(messages.login.waiting.disconnected.text)).toHaveCount(0);
  const onPhone = await openHandoff(page);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.returnToPage();
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await onState('07-expired', page);
  await onPhone.reload();
  await expect(onPhone.getByRole('heading', { name: messages.handoff.overHeading })).toBeVisible();
  await onState('18-handoff-over', onPhone);
  await onPhone.close();
  await page.goto('/nowhere');
  await expect(login.heading(messages.site.notFoundHeading)).toBeVisible();
  await onState('14-not-found', page);
  await breakLayout(page);
  await login.open();
  await expect(login.heading(crashMessages.en.heading)).toBeVisible();
  await onState('23-error-of-layout', page);
  await page.unrouteAll();
}

async function usePasskey(fixtures: TourFixtures, onState: OnState): Promise<void> {
  const { page, testPhone, login, messages, phoneNumber } = fixtures;
  const { passkeys } = messages;
  const logInByCall = async () => {
    await login.open();
    await login.enter(phoneNumber.e164);
    await testPhone.call(phoneNumber.e164, await login.callNumber());
  };
  const { cdp, authenticatorId } = await addAuthenticator(page);
  await logInByCall();
  await expect(login.button(passkeys.offerAdd)).toBeVisible();
  await onState('24-passkey-offer', page);
  await login.button(passkeys.offerAdd).click();
  await expect(login.button(passkeys.rename)).toBeEnabled();
  await onState('25-account-passkey', page);
  await login.button(messages.account.logOut).click();
  await expect(login.submit).toBeEnabled();
  await logInByCall();
  await expect(login.button(passkeys.limitedConfirm)).toBeEnabled();
  await onState('26-account-limited', page);
  await page.goto('/passkey?next=/account');
  await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  await login.button(passkeys.use).click();
  await expect(page.getByText(passkeys.confirmCancelled)).toBeVisible();
  await onState('27-passkey-asked-for', page);
}

async function refuseSignup(fixtures: TourFixtures, onState: OnState): Promise<void> {
  const { page, sandbox, appEnv, build, login, messages, phoneNumber } = fixtures;
  const folder = await mkdtemp(join(tmpdir(), 'call-login-'));
  const ordersPath = join(folder, 'order');
  const failures = createFaultInjector(ordersPath);
  const failing = new URL('../tests/support/failing-statements.ts', import.meta.url).href;
  const env = {
    ...appEnv,
    NODE_OPTIONS: `${appEnv.NODE_OPTIONS ?? ''} --import=${failing}`,
    FAILING_STATEMENTS: ordersPath,
    STATUS_WAIT_SECONDS: '0',
    POLL_LIMIT: '1',
    SIGNUP: 'closed',
    HELP_URL: 'https://help.example/login',
  };
  const app = await startAppServer(sandbox.url, env, { folder: build });
  await page.goto(`${app.origin}/login`);
  await login.enter(phoneNumber.e164);
  await expect(page.getByText(messages.login.waiting.paused.text).first()).toBeVisible();
  await onState('13-call-paused', page);
  failures.arm(1, 'bug');
  await page.reload();
  const { heading } = crashMessages[await languageOf(page)];
  await expect(login.heading(heading)).toBeVisible();
  failures.disarm();
  await onState('22-error', page);
  await page.reload();
  await expect(page.getByText(messages.login.waiting.paused.text).first()).toBeVisible();
  await callUntilChecked(fixtures, phoneNumber.e164, await login.callNumber());
  await login.button(messages.login.called).click();
  await expect(login.heading(messages.login.failedHeading)).toBeVisible();
  await onState('21-failed', page);
  await app.stop();
  await rm(folder, { recursive: true });
}

async function contest(fixtures: TourFixtures, onState: OnState): Promise<void> {
  const { page, app, vendor, testPhone, login, messages, phoneNumber } = fixtures;
  await vendor.setOptions({ call_numbers: 'shared' });
  await login.open();
  await login.enter(phoneNumber.e164);
  const callNumber = await login.callNumber();
  await otherVisitor(app).start(phoneNumber.e164);
  await testPhone.call(phoneNumber.e164, callNumber);
  await expect(login.heading(messages.login.contestedHeading)).toBeVisible();
  await vendor.setOptions({ call_numbers: 'distinct' });
  await onState('19-contested', page);
}

async function cancelInOtherTab(fixtures: TourFixtures, onState: OnState): Promise<void> {
  const { page, login, messages, phoneNumber } = fixtures;
  await login.open();
  await login.enter(phoneNumber.e164);
  await login.callNumber();
  const otherTab = await page.context().newPage();
  await otherTab.goto('/login');
  await otherTab.getByRole('button', { name: messages.login.callChange }).click();
  await expect(login.heading(messages.login.cancelledHeading)).toBeVisible();
  await otherTab.close();
  await onState('20-cancelled', page);
}

/** Changes the login page's RSC payload as if a part of its layout had thrown on the server. */
async function breakLayout(page: Page): Promise<void> {
  const part = /(\w+):I\[[^\]]*\],\\"LanguageSwitch\\"[^\]]*\]/;
  await page.route('**/login', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(part, '$1:E{\\"digest\\":\\"1\\"}');
    await route.fulfill({ response, body });
  });
}

/** Opens the page behind the QR code of the call step in a new tab. */
async function openHandoff(page: Page): Promise<Page> {
  const address = await page.locator('a[href*="/call/"]').getAttribute('href');
  const opened = await page.context().newPage();
  await opened.clock.setFixedTime(await page.evaluate(() => Date.now()));
  await opened.goto(address ?? '');
  await expect(opened.getByRole('timer')).toBeVisible();
  return opened;
}

function otherVisitor(app: AppServer): Visitor {
  const visitor = new Visitor(app.origin);
  visitor.userAgent = userAgents.firefoxOnAndroid;
  visitor.network = OTHER_NETWORK;
  return visitor;
}

async function languageOf(page: Page): Promise<'ja' | 'en'> {
  return (await page.locator('html').getAttribute('lang')) === 'ja' ? 'ja' : 'en';
}

/** Places a call and waits until its callback has made the app check with the vendor. */
async function callUntilChecked(
  { vendor, testPhone }: Pick<TourFixtures, 'vendor' | 'testPhone'>,
  phoneNumber: string,
  callNumber: string,
): Promise<void> {
  const checks = async () =>
    (await vendor.requests(phoneNumber)).filter(({ kind }) => kind === 'check').length;
  const before = await checks();
  await testPhone.call(phoneNumber, callNumber);
  await expect.poll(checks).toBeGreaterThan(before);
}
