import { startServerBetween } from '#tests/support/server-between.ts';
import { expect, LoginPage, test } from './journey.ts';

test('guide: the 408 that Chromium repeats is answered the same each time', async ({
  app,
  browser,
  phoneNumber,
  vendor,
  messages,
  locale,
}) => {
  // Between the browser and the app, to see what Chromium really sends.
  const statuses: number[] = [];
  const between = await startServerBetween({
    to: () => app.origin,
    onAnswer: (path, status) => path === '/api/auth/status' && statuses.push(status),
  });
  const context = await browser.newContext({
    baseURL: between.origin,
    ...(locale === undefined ? {} : { locale }),
  });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel(messages.login.numberLabel, { exact: true }).fill(phoneNumber.text);
  await page.getByRole('button', { name: messages.login.numberSubmit }).click();
  await page.getByRole('heading', { name: messages.login.callHeading }).waitFor();
  await vendor.advanceClock(301, phoneNumber.e164);
  await new LoginPage(page, messages).comeBack();

  await expect(page.getByRole('heading', { name: messages.login.expiredHeading })).toBeVisible();
  await expect(page.getByText(messages.errors.attempt_expired)).toBeVisible();
  await context.close();
  between.close();

  const sinceExpiry = statuses.slice(statuses.indexOf(408));
  expect(new Set(sinceExpiry)).toEqual(new Set([408]));
  // What this test is about: Chromium sent the one request of the page again by itself.
  expect(sinceExpiry.length).toBeGreaterThan(1);
});
