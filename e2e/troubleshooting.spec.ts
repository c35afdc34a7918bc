import { expect, test } from './journey.ts';

test('“I have called” checks immediately and shows the steps, and the attempt stays live', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  messages,
  page,
  isMobile,
}) => {
  const { troubleshooting, called } = messages.login;
  const callNumber = await login.start(phoneNumber.text);
  const polled = page.waitForRequest('**/api/auth/status');
  await login.button(called).click();
  await polled;
  const steps = page.getByRole('region', { name: troubleshooting.heading }).getByRole('listitem');
  await expect(steps).toHaveCount(5);
  await expect(page.getByRole('status')).toHaveText(troubleshooting.spoken);
  await expect(steps.nth(0)).toContainText(phoneNumber.text);
  // On a computer, there is nothing to call with.
  await expect(steps.getByRole('link')).toHaveCount(isMobile ? 2 : 0);
  if (isMobile) {
    await expect(steps.nth(0).getByRole('link')).toHaveAttribute('href', `tel:${callNumber}`);
    const withheld = steps.nth(1).getByRole('link', { name: troubleshooting.withheldCall });
    await expect(withheld).toHaveAttribute('href', `tel:1860${callNumber.slice('+81'.length)}`);
  }
  await expect(steps.nth(4)).toContainText(phoneNumber.text);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter(({ kind }) => kind === 'create')).toHaveLength(1);
});

test('the last step returns to the number, which is still in the field', async ({
  login,
  phoneNumber,
  messages,
}) => {
  await login.start(phoneNumber.text);
  await login.button(messages.login.called).click();
  await login.button(messages.login.troubleshooting.wrongChange).click();
  await expect(login.heading(messages.login.numberHeading)).toBeFocused();
  await expect(login.field).toHaveValue(phoneNumber.text);
});

test('the steps are shown after a while without a call', async ({
  login,
  phoneNumber,
  messages,
  page,
}) => {
  await page.clock.install();
  // While the test moves the clock, no answer could come, and polls would be given up.
  const json = { status: 'pending', expires_in_seconds: 300, poll_after_ms: 60_000 };
  await page.route('**/api/auth/status', (route) => route.fulfill({ json }));
  const polled = page.waitForResponse('**/api/auth/status');
  await login.start(phoneNumber.text);
  await polled;
  const heading = page.getByRole('heading', { name: messages.login.troubleshooting.heading });
  await page.clock.runFor(40_000);
  await expect(heading).toBeHidden();
  await page.clock.runFor(10_000);
  await expect(heading).toBeVisible();
});

test('the steps are hidden during an outage, unless the focus is inside them', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  context,
  consoleProblems,
}) => {
  const { troubleshooting, called, waiting } = messages.login;
  const callNumber = await login.start(phoneNumber.text);
  await login.button(called).click();
  const lastStep = page.getByRole('heading', { name: troubleshooting.wrong });
  await expect(lastStep).toBeVisible();
  const heightOfPage = () => page.evaluate(() => document.documentElement.scrollHeight);
  const height = await heightOfPage();

  await context.setOffline(true);
  await expect(page.getByText(waiting.disconnected.text).first()).toBeVisible();
  await expect(lastStep).toBeHidden();
  await expect(page.getByText(troubleshooting.hidden)).toBeVisible();
  expect(await heightOfPage()).toBe(height);
  await context.setOffline(false);
  await expect(lastStep).toBeVisible();
  await expect(page.getByRole('status')).toHaveText(waiting.pending.text);

  const change = login.button(troubleshooting.wrongChange);
  await change.focus();
  await context.setOffline(true);
  await expect(page.getByText(waiting.disconnected.text).first()).toBeVisible();
  await expect(change).toBeFocused();
  await expect(change).toBeVisible();
  await login.button(called).focus();
  await expect(lastStep).toBeHidden();
  await context.setOffline(false);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});
