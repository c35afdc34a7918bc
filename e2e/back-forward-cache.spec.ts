import * as z from 'zod';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { startServerBetween } from '#tests/support/server-between.ts';
import { expect, test } from './journey.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath === null ? {} : { executablePath }),
    args: [...chromiumArguments],
    // Playwright switches the cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

const whyNotSchema = z.object({ reasons: z.array(z.object({ reason: z.string() })) });

test('Chromium keeps no login page in its back-forward cache, and makes it anew on the way back', async ({
  login,
  phoneNumber,
  page,
  sandbox,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.goto(sandbox.url);
  await page.goBack();
  expect(await login.callNumber()).toBe(callNumber);
  const whyNot: unknown = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation');
    return JSON.parse(JSON.stringify(navigation)).notRestoredReasons;
  });
  const reasons = whyNotSchema.parse(whyNot).reasons.map(({ reason }) => reason);
  expect(reasons).toContain('response-cache-control-no-store');
});

test('a login page that Chromium does restore from its back-forward cache asks again, and logs in', async ({
  app,
  browser,
  sandbox,
  locale,
  phoneNumber,
  vendor,
  messages,
}) => {
  // Between the browser and the app, taking out what keeps Chromium from restoring the page; and the
  // witness, because Playwright loses sight of a page that is restored.
  const seen: string[] = [];
  const between = await startServerBetween({
    to: () => app.origin,
    onRequest: (path) => seen.push(path),
    headersOf: ({ 'cache-control': _, ...others }) => others,
  });
  const context = await browser.newContext({
    baseURL: between.origin,
    ...(locale === undefined ? {} : { locale }),
  });
  const page = await context.newPage();
  const count = (path: string) => seen.filter((each) => each === path).length;
  await page.goto('/login');
  await page.getByLabel(messages.login.numberLabel, { exact: true }).fill(phoneNumber.text);
  await page.getByRole('button', { name: messages.login.numberSubmit }).click();
  await expect.poll(() => count('/api/auth/status')).toBe(1);
  await page.goto(sandbox.url);
  // Once the answer is on its way: the page that would give it is about to go.
  await page.evaluate(() => void setTimeout(() => history.back()));

  await expect.poll(() => count('/api/auth/status')).toBeGreaterThan(1);
  const [session] = await vendor.sessions(phoneNumber.e164);
  await vendor.call(phoneNumber.e164, session?.call_number ?? '');
  await expect.poll(() => count('/account')).toBe(1);
  // It was restored, and not loaded again.
  expect(count('/login')).toBe(1);
  await context.close();
  between.close();
});
