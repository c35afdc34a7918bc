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

test('it is out of sight while the trouble is not the person’s, but for the keyboard that is in it', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  context,
  consoleProblems,
}) => {
  const { ladder, called, waiting } = messages.login;
  const callNumber = await login.start(phoneNumber.text);
  await login.button(called).click();
  const rung = page.getByRole('heading', { name: ladder.wrong });
  await expect(rung).toBeVisible();
  const heightOfPage = () => page.evaluate(() => document.documentElement.scrollHeight);
  const height = await heightOfPage();

  await context.setOffline(true);
  await expect(page.getByText(waiting.disconnected.text).first()).toBeVisible();
  await expect(rung).toBeHidden();
  await expect(page.getByText(ladder.aside)).toBeVisible();
  expect(await heightOfPage()).toBe(height);
  await context.setOffline(false);
  await expect(rung).toBeVisible();
  await expect(page.getByRole('status')).toHaveText(waiting.yet.text);

  const change = login.button(ladder.wrongChange);
  await change.focus();
  await context.setOffline(true);
  await expect(page.getByText(waiting.disconnected.text).first()).toBeVisible();
  await expect(change).toBeFocused();
  await expect(change).toBeVisible();
  await login.button(called).focus();
  await expect(rung).toBeHidden();
  await context.setOffline(false);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});
