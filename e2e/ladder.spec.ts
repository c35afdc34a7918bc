import { expect, test } from './journey.ts';

test('“I have called” checks at once and opens what to do, and the attempt lives on', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  isMobile,
}) => {
  const { ladder, called } = messages.login;
  const callNumber = await login.start(phoneNumber.text);
  const asked = page.waitForRequest('**/api/auth/status');
  await login.button(called).click();
  await asked;
  const rungs = page.getByRole('region', { name: ladder.heading }).getByRole('listitem');
  await expect(rungs).toHaveCount(5);
  await expect(page.getByRole('status')).toHaveText(ladder.spoken);
  await expect(rungs.nth(0)).toContainText(phoneNumber.text);
  // A computer is not what one calls with.
  await expect(rungs.getByRole('link')).toHaveCount(isMobile ? 2 : 0);
  if (isMobile) {
    await expect(rungs.nth(0).getByRole('link')).toHaveAttribute('href', `tel:${callNumber}`);
    const withheld = rungs.nth(1).getByRole('link', { name: ladder.withheldCall });
    await expect(withheld).toHaveAttribute('href', `tel:1860${callNumber.slice('+81'.length)}`);
  }
  await expect(rungs.nth(4)).toContainText(phoneNumber.text);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter(({ kind }) => kind === 'create')).toHaveLength(1);
});

test('the last rung leads back to the number, which is still in the field', async ({
  login,
  phoneNumber,
  messages,
}) => {
  await login.start(phoneNumber.text);
  await login.button(messages.login.called).click();
  await login.button(messages.login.ladder.wrongChange).click();
  await expect(login.heading(messages.login.numberHeading)).toBeFocused();
  await expect(login.field).toHaveValue(phoneNumber.text);
});

test('a while of waiting opens it too', async ({ login, phoneNumber, messages, page }) => {
  await page.clock.install();
  await login.start(phoneNumber.text);
  const heading = page.getByRole('heading', { name: messages.login.ladder.heading });
  await page.clock.runFor(40_000);
  await expect(heading).toBeHidden();
  await page.clock.runFor(10_000);
  await expect(heading).toBeVisible();
});
