import type { ControlClient } from '#sandbox/control-client.ts';
import { randomNetwork } from '#tests/support/visitor.ts';
import { expect, LoginPage, test, watchConsole } from './journey.ts';

test('a person types their number, calls, and is logged in', async ({
  login,
  phoneNumber,
  testPhone,
  page,
}) => {
  await page.goto('/');
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await expect(page.getByText(phoneNumber.text)).toBeVisible();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

const unrecognisedCalls = [
  ['from another phone', '+819099999999', {}],
  ['with the caller ID withheld', null, { withheld: true }],
] as const;

for (const [how, caller, options] of unrecognisedCalls) {
  test(`a call ${how} changes nothing`, { tag: '@once' }, async ({
    login,
    phoneNumber,
    vendor,
    testPhone,
  }) => {
    const callNumber = await login.start(phoneNumber.text);
    const from = caller ?? phoneNumber.e164;
    expect(await testPhone.call(from, callNumber, options)).toBe(false);
    await expectCheckedAgain(login, vendor, phoneNumber.e164);
    await expect(login.heading(login.messages.login.callHeading)).toBeVisible();
    expect(await testPhone.call(phoneNumber.e164, callNumber)).toBe(true);
    await login.expectLoggedIn(phoneNumber.text);
  });
}

test('one press starts again after the attempt has expired', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  messages,
  consoleProblems,
}) => {
  await login.start(phoneNumber.text);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.returnToPage();
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await expect(login.page.getByText(messages.errors.attempt_expired)).toBeVisible();
  const { otherPhone, withheld, withheldTextNext } = messages.login.troubleshooting;
  const remedies = login.page.locator('dl');
  for (const text of [otherPhone, phoneNumber.text, withheld, withheldTextNext]) {
    await expect(remedies).toContainText(text);
  }
  await login.button(messages.login.startAgain).click();
  const callNumber = await login.callNumber();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  // Chromium logs a 408 for each of its requests.
  expect(consoleProblems.splice(0).filter((problem) => !problem.includes('408'))).toEqual([]);
});

test('a vendor outage is shown, and the attempt survives it', { tag: '@once' }, async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  messages,
  consoleProblems,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: phoneNumber.e164 });
  await login.returnToPage();
  await expect(login.page.getByText(messages.login.waiting.retrying.text).first()).toBeVisible();
  await vendor.clearFaults(phoneNumber.e164);
  await expect(login.page.getByText(messages.login.waiting.pending.text).first()).toBeVisible();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  const unexpected = consoleProblems.splice(0).filter((problem) => !problem.includes('503'));
  expect(unexpected).toEqual([]);
});

test('a person can correct a mistyped number', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
}) => {
  await login.start('090-9999-1234');
  await login.button(messages.login.callChange).click();
  await expect(login.heading(messages.login.numberHeading)).toBeFocused();
  await expect(login.field).toHaveValue('090-9999-1234');
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a reload during the call step keeps the step, the number and the time', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  page,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.reload();
  expect(await login.callNumber()).toBe(callNumber);
  await expect(page.getByText(phoneNumber.text)).toBeVisible();
  await expect(page.getByRole('timer')).toHaveText(/[45]/);
  const creates = await vendor.requests(phoneNumber.e164);
  expect(creates.filter((request) => request.kind === 'create')).toHaveLength(1);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a double click creates one vendor session', { tag: '@once' }, async ({
  login,
  phoneNumber,
  vendor,
}) => {
  await login.open();
  await login.field.fill(phoneNumber.text);
  await login.submit.dblclick();
  await login.callNumber();
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter((request) => request.kind === 'create')).toHaveLength(1);
});

test('a call for one browser does not log in another', { tag: '@once' }, async ({
  login,
  phoneNumber,
  testPhone,
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
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await second.page.reload();
  await expect(second.heading(messages.login.callHeading)).toBeVisible();
  await second.page.goto('/account');
  await expect(second.page).toHaveURL('/login');
  await secondContext.close();
});

test('logging out ends the session immediately', { tag: '@once' }, async ({
  login,
  phoneNumber,
  testPhone,
  page,
  messages,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await login.button(messages.account.logOut).click();
  await expect(page).toHaveURL('/login');
  await expect(login.heading(messages.login.numberHeading)).toBeVisible();
  await page.goto('/account');
  await expect(page).toHaveURL('/login');
});

test('a completed login opens the page that asked for it', async ({
  login,
  phoneNumber,
  testPhone,
  page,
}) => {
  await page.goto('/account?tab=1');
  await expect(page).toHaveURL('/login?next=%2Faccount%3Ftab%3D1');
  await login.enter(phoneNumber.text);
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  await expect(page).toHaveURL('/account?tab=1');
});

/** Comes back to the page, and waits for the request to the vendor that follows. */
async function expectCheckedAgain(
  login: LoginPage,
  vendor: ControlClient,
  phoneNumber: string,
): Promise<void> {
  const before = (await vendor.requests(phoneNumber)).length;
  await login.returnToPage();
  await expect
    .poll(async () => (await vendor.requests(phoneNumber)).length)
    .toBeGreaterThan(before);
}
