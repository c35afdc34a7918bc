import type { ControlClient } from '#sandbox/control-client.ts';
import { randomNetwork } from '#tests/support/visitor.ts';
import { expect, LoginPage, test, watchConsole } from './journey.ts';

test('a person types their number, calls, and is logged in', async ({
  login,
  phoneNumber,
  vendor,
  page,
}) => {
  await page.goto('/');
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await expect(page.getByText(phoneNumber.text)).toBeVisible();
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

const uselessCalls = [
  ['from another phone', '+819099999999'],
  ['with the caller ID withheld', null],
] as const;

for (const [how, caller] of uselessCalls) {
  test(`a call ${how} changes nothing`, async ({ login, phoneNumber, vendor }) => {
    const callNumber = await login.start(phoneNumber.text);
    expect(await vendor.call(caller, callNumber)).toEqual([]);
    await expectAskedAgain(vendor, phoneNumber.e164);
    await expect(login.heading(login.messages.login.callHeading)).toBeVisible();
    await vendor.call(phoneNumber.e164, callNumber);
    await login.expectLoggedIn(phoneNumber.text);
  });
}

test('an attempt whose time is up is started again with one press', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  consoleProblems,
}) => {
  await login.start(phoneNumber.text);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.comeBack();
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await expect(login.page.getByText(messages.errors.attempt_expired)).toBeVisible();
  await login.button(messages.login.startAgain).click();
  const callNumber = await login.callNumber();
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  // Chromium notes the 408 in its console, once for each time that it asks.
  expect(consoleProblems.splice(0).filter((problem) => !problem.includes('408'))).toEqual([]);
});

test('vendor trouble is shown, and the attempt outlives it', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  consoleProblems,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: phoneNumber.e164 });
  await login.comeBack();
  await expect(login.page.getByText(messages.login.waiting.passing.text).first()).toBeVisible();
  await vendor.clearFaults(phoneNumber.e164);
  await expect(login.page.getByText(messages.login.waiting.yet.text).first()).toBeVisible();
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  const expected = consoleProblems.splice(0).filter((problem) => !problem.includes('503'));
  expect(expected).toEqual([]);
});

test('a person who mistyped changes the number and loses nothing', async ({
  login,
  phoneNumber,
  vendor,
  messages,
}) => {
  await login.start('090-9999-1234');
  await login.button(messages.login.callChange).click();
  await expect(login.heading(messages.login.numberHeading)).toBeFocused();
  await expect(login.field).toHaveValue('090-9999-1234');
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a reload in the middle shows the same step, number and time', async ({
  login,
  phoneNumber,
  vendor,
  page,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.reload();
  expect(await login.callNumber()).toBe(callNumber);
  await expect(page.getByText(phoneNumber.text)).toBeVisible();
  await expect(page.getByRole('timer')).toHaveText(/[45]/);
  const creates = await vendor.requests(phoneNumber.e164);
  expect(creates.filter((request) => request.kind === 'create')).toHaveLength(1);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a double click spends one vendor session', async ({ login, phoneNumber, vendor }) => {
  await login.open();
  await login.field.fill(phoneNumber.text);
  await login.submit.dblclick();
  await login.callNumber();
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter((request) => request.kind === 'create')).toHaveLength(1);
});

test('a second browser gains nothing from the first one’s call', async ({
  login,
  phoneNumber,
  vendor,
  browser,
  messages,
  locale,
  baseURL,
  consoleProblems,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  const secondContext = await browser.newContext({
    ...(locale === undefined ? {} : { locale }),
    ...(baseURL === undefined ? {} : { baseURL }),
    extraHTTPHeaders: { 'x-forwarded-for': randomNetwork() },
  });
  watchConsole(secondContext, consoleProblems);
  const second = new LoginPage(await secondContext.newPage(), messages);
  expect(await second.start(phoneNumber.text)).not.toBe(callNumber);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await second.page.reload();
  await expect(second.heading(messages.login.callHeading)).toBeVisible();
  await second.page.goto('/account');
  await expect(second.page).toHaveURL('/login');
  await secondContext.close();
});

test('logging out ends the session at once', async ({
  login,
  phoneNumber,
  vendor,
  page,
  messages,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await login.button(messages.account.logOut).click();
  await expect(page).toHaveURL('/login');
  await expect(login.heading(messages.login.numberHeading)).toBeVisible();
  await page.goto('/account');
  await expect(page).toHaveURL('/login');
});

test('the person lands where they wanted to go', async ({ login, phoneNumber, vendor, page }) => {
  await page.goto('/login?next=/account%3Ftab=1');
  await login.enter(phoneNumber.text);
  await vendor.call(phoneNumber.e164, await login.callNumber());
  await expect(page).toHaveURL('/account?tab=1');
});

/** Waits until the vendor has been asked about a number once more than now. */
async function expectAskedAgain(vendor: ControlClient, phoneNumber: string): Promise<void> {
  const before = (await vendor.requests(phoneNumber)).length;
  await expect
    .poll(async () => (await vendor.requests(phoneNumber)).length)
    .toBeGreaterThan(before);
}
