import type { Page } from '@playwright/test';
import { expect, test as journey } from '#e2e/journey.ts';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { startAppServer } from '#testing/app-server.ts';
import { userAgents, Visitor } from '#testing/visitor.ts';
import { takePicture } from './camera.ts';
import { FIRST_NOW } from './first-now.ts';

/** Networks and numbers that the pages show. */
const HERE = '203.0.113.7';
const ELSEWHERE = '198.51.100.23';
const PHONE_NUMBER = '+819012345678';
const TOO_LATE = '+819023456789';
const FEW_POLLED = '+819034567890';

const test = journey.extend<{ picture: (state: string, shown?: Page) => Promise<void> }>({
  extraHTTPHeaders: { 'x-forwarded-for': HERE },
  page: async ({ page }, use) => {
    await page.clock.setFixedTime(FIRST_NOW);
    await use(page);
  },
  picture: async ({ page, messages }, use) =>
    use((state, shown = page) => takePicture(shown, state, messages.login)),
  // What Chromium notes of refused numbers, expiries, trouble and pages that are none.
  consoleProblems: async ({}, use) => {
    const problems: string[] = [];
    await use(problems);
    expect(problems.filter((problem) => !/status of (404|408|422|503)/.test(problem))).toEqual([]);
  },
});

// The first of its server: what it says of dates is good for a minute.
test('logged in', async ({ page, app, vendor, login, messages, picture }) => {
  const { account, handoff } = messages;
  await login.open();
  await page.getByLabel(messages.login.remember).check();
  await login.enter(PHONE_NUMBER);
  const callNumber = await login.callNumber();
  const address = await page.locator('a[href*="/call/"]').getAttribute('href');
  const onPhone = await page.context().newPage();
  await onPhone.clock.setFixedTime(FIRST_NOW);
  await onPhone.goto(address ?? '');
  await picture('15-handoff', onPhone);
  // The moment of success is short: "no content" keeps the browser where it is.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  await vendor.call(PHONE_NUMBER, callNumber);
  await expect(login.heading(messages.login.verifiedHeading)).toBeVisible();
  await picture('08-verified');
  await page.unroute('**/account');
  await onPhone.reload();
  await expect(onPhone.getByRole('heading', { name: handoff.verifiedHeading })).toBeVisible();
  await picture('16-handoff-verified', onPhone);
  await onPhone.close();
  await page.goto('/account');
  await expect(login.button(account.logOut)).toBeEnabled();
  await picture('09-account');
  const visitor = new Visitor(app.origin);
  visitor.userAgent = userAgents.firefoxOnAndroid;
  visitor.network = ELSEWHERE;
  const attempt = attemptViewSchema.parse(await (await visitor.start(PHONE_NUMBER)).json());
  await vendor.call(PHONE_NUMBER, attempt.call_number);
  await visitor.status();
  await page.reload();
  await expect(login.button(account.endElsewhere)).toBeEnabled();
  await picture('10-account-new-device');
  await login.button(account.endThere).last().click();
  await expect(page.getByText(account.events.session_ended)).toBeVisible();
  await picture('11-account-ended');
  await login.button(account.logOut).click();
  await expect(login.button(messages.login.rememberedSubmit)).toBeEnabled();
  await picture('12-remembered');
});

test('not logged in yet', async ({ page, vendor, login, messages, picture }) => {
  await login.open();
  await expect(login.submit).toBeEnabled();
  await picture('01-number');
  await page.getByText(messages.login.otherCountry).click();
  await picture('02-number-country');
  await page.getByText(messages.login.otherCountry).click();
  await login.enter('0120-123-456');
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await picture('03-number-problem');
  await login.enter(TOO_LATE);
  await login.callNumber();
  await picture('04-call');
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
  await picture('05-call-ladder');
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: TOO_LATE });
  await login.comeBack();
  await expect(page.getByText(messages.login.vendorTrouble).first()).toBeVisible();
  await picture('06-call-trouble');
  await vendor.clearFaults(TOO_LATE);
  await vendor.advanceClock(301, TOO_LATE);
  await login.comeBack();
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await picture('07-expired');
  await page.goto('/nowhere');
  await expect(login.heading(messages.site.notFoundHeading)).toBeVisible();
  await picture('14-not-found');
});

test('polled often enough', async ({ page, sandbox, appEnv, login, messages, picture }) => {
  const app = await startAppServer(sandbox.url, {
    ...appEnv,
    STATUS_WAIT_SECONDS: '0',
    POLL_LIMIT: '1',
  });
  await page.goto(`${app.origin}/login`);
  await login.enter(FEW_POLLED);
  await expect(page.getByText(messages.login.paused).first()).toBeVisible();
  await picture('13-call-paused');
  await app.stop();
});
