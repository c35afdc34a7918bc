import { startTestProxy } from '#tests/support/test-proxy.ts';
import { expect, LoginPage, test } from './journey.ts';

test('guide: the expired answer is the same each time that Chromium repeats a request answered 408', async ({
  app,
  browser,
  phoneNumber,
  vendor,
  messages,
  locale,
}) => {
  // A proxy records every request that Chromium sends, including its automatic retries.
  const statuses: number[] = [];
  const proxy = await startTestProxy({
    to: () => app.origin,
    onAnswer: (path, status) => path === '/api/auth/status' && statuses.push(status),
  });
  const context = await browser.newContext({
    baseURL: proxy.origin,
    ...(locale === undefined ? {} : { locale }),
  });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel(messages.login.numberLabel, { exact: true }).fill(phoneNumber.text);
  await page.getByRole('button', { name: messages.login.numberSubmit }).click();
  await page.getByRole('heading', { name: messages.login.callHeading }).waitFor();
  await vendor.advanceClock(301, phoneNumber.e164);
  await new LoginPage(page, messages).returnToPage();

  await expect(page.getByRole('heading', { name: messages.login.expiredHeading })).toBeVisible();
  await expect(page.getByText(messages.errors.attempt_expired)).toBeVisible();
  await context.close();
  proxy.close();

  const sinceExpiry = statuses.slice(statuses.indexOf(408));
  expect(new Set(sinceExpiry)).toEqual(new Set([408]));
  // The page sent one request: Chromium repeated it.
  expect(sinceExpiry.length).toBeGreaterThan(1);
});
