import * as z from 'zod';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { startTestProxy } from '#tests/support/test-proxy.ts';
import { expect, test } from './journey.ts';

// One browser and one server for both.
test.describe.configure({ mode: 'default' });

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath === null ? {} : { executablePath }),
    args: [...chromiumArguments],
    // Playwright disables the cache by default.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

const notRestoredReasonsSchema = z.object({ reasons: z.array(z.object({ reason: z.string() })) });

test('Chromium does not keep the login page in its back-forward cache and reloads it on the way back', async ({
  login,
  phoneNumber,
  page,
  sandbox,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.goto(sandbox.url);
  await page.goBack();
  expect(await login.callNumber()).toBe(callNumber);
  const notRestoredReasons: unknown = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation');
    return JSON.parse(JSON.stringify(navigation)).notRestoredReasons;
  });
  const reasons = notRestoredReasonsSchema
    .parse(notRestoredReasons)
    .reasons.map(({ reason }) => reason);
  expect(reasons).toContain('response-cache-control-no-store');
});

test('a login page restored from the back-forward cache polls again and logs in', async ({
  app,
  browser,
  sandbox,
  locale,
  phoneNumber,
  vendor,
  testPhone,
  messages,
}) => {
  // A proxy removes Cache-Control, so that Chromium may cache the page, and records the requests,
  // because Playwright loses track of a restored page.
  const paths: string[] = [];
  const proxy = await startTestProxy({
    to: () => app.origin,
    onRequest: (path) => paths.push(path),
    headersOf: ({ 'cache-control': _, ...others }) => others,
  });
  const context = await browser.newContext({
    baseURL: proxy.origin,
    ...(locale === undefined ? {} : { locale }),
  });
  const page = await context.newPage();
  const count = (path: string) => paths.filter((each) => each === path).length;
  await page.goto('/login');
  await page.getByLabel(messages.login.numberLabel, { exact: true }).fill(phoneNumber.text);
  await page.getByRole('button', { name: messages.login.numberSubmit }).click();
  await expect.poll(() => count('/api/auth/status')).toBe(1);
  await page.goto(sandbox.url);
  // Deferred: `evaluate` must return before its page is unloaded.
  await page.evaluate(() => void setTimeout(() => history.back()));

  await expect.poll(() => count('/api/auth/status')).toBeGreaterThan(1);
  const [session] = await vendor.sessions(phoneNumber.e164);
  await testPhone.call(phoneNumber.e164, session?.call_number ?? '');
  await expect.poll(() => count('/account')).toBe(1);
  // The page was restored from the cache, not loaded again.
  expect(count('/login')).toBe(1);
  await context.close();
  proxy.close();
});
