import type { Route } from '@playwright/test';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { PROMPTED_HEADER } from '#lib/shared/prompted-header.ts';
import { expect, LoginPage, test } from './journey.ts';

test('coming back from the dialler polls immediately', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  page,
}) => {
  await vendor.addFault({
    match: 'check',
    kind: 'malformed',
    body: '{"status":"pending"}',
    phone_number: phoneNumber.e164,
  });
  const held = page.waitForRequest('**/api/auth/status');
  const callNumber = await login.start(phoneNumber.text);
  await held;
  await testPhone.call(phoneNumber.e164, callNumber);
  const dropped = page.waitForEvent('requestfailed');
  const polled = page.waitForRequest('**/api/auth/status');
  await login.returnToPage();
  await dropped;
  await polled;
  await vendor.clearFaults(phoneNumber.e164);
  await login.expectLoggedIn(phoneNumber.text);
});

for (const [sign, comeBack] of [
  ['visible again', () => document.dispatchEvent(new Event('visibilitychange'))],
  // Some in-app browsers report nothing else.
  ['focused alone', () => window.dispatchEvent(new Event('focus'))],
] as const) {
  test(`coming back, ${sign}, asks at once, shows that, and ten seconds later what to try`, {
    tag: '@once',
  }, async ({ login, phoneNumber, messages, page }) => {
    await page.clock.install();
    const first = page.waitForRequest('**/api/auth/status');
    await login.start(phoneNumber.text);
    await first;
    const asked = page.waitForRequest((request) => request.headers()[PROMPTED_HEADER] === '1');
    await page.evaluate(comeBack);
    await asked;
    await expect(page.getByText(messages.login.waiting.checking.text).first()).toBeInViewport();
    await page.clock.fastForward(10_000);
    await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
  });
}

test('a lost connection is shown, and the login continues once it is back', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  context,
  consoleProblems,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await context.setOffline(true);
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await testPhone.call(phoneNumber.e164, callNumber);
  await context.setOffline(false);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});

test('an answer that arrives as the connection is lost does not hide the loss', {
  tag: '@once',
}, async ({ login, phoneNumber, testPhone, messages, page, context, consoleProblems }) => {
  const polled = new Promise<Route>((resolve) => {
    void page.route('**/api/auth/status', resolve, { times: 1 });
  });
  const callNumber = await login.start(phoneNumber.text);
  const route = await polled;
  await context.setOffline(true);
  const disconnected = page.getByText(messages.login.waiting.disconnected.text).first();
  await expect(disconnected).toBeVisible();
  const json = { status: 'pending', expires_in_seconds: 300, poll_after_ms: 250 };
  await route.fulfill({ json });
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await disconnected.isVisible()).toBe(true);
  await context.setOffline(false);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});

test('a browser that says it is offline while it is not, logs in all the same', {
  tag: '@once',
}, async ({ login, phoneNumber, testPhone, messages, page }) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.evaluate(() => window.dispatchEvent(new Event('offline')));
  const disconnected = page.getByText(messages.login.waiting.disconnected.text);
  await expect(disconnected.first()).toBeVisible();
  await expect(disconnected).toHaveCount(0);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

test('behind a proxy that cuts every held poll the page asks for shorter ones', {
  tag: '@once',
}, async ({ login, phoneNumber, testPhone, messages, page, consoleProblems }) => {
  await page.clock.install();
  const preferred: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/auth/status')) {
      preferred.push(request.headers().prefer);
    }
  });
  const cut = async (route: Route) => {
    // The page's clock: nobody waits.
    await page.clock.fastForward(3_800);
    await route.abort();
  };
  await page.route('**/api/auth/status', cut, { times: 2 });
  const callNumber = await login.start(phoneNumber.text);
  const answered = await page.waitForResponse('**/api/auth/status');
  expect(await answered.json()).toMatchObject({ status: 'pending' });
  expect(preferred).toEqual(['wait=25', 'wait=25', 'wait=3']);
  await expect(page.getByText(messages.login.waiting.disconnected.text)).toHaveCount(0);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});

test('once the attempt has expired and nothing answers, the page polls at most three times', {
  tag: '@once',
}, async ({ login, phoneNumber, messages, page, consoleProblems }) => {
  await page.clock.install();
  await login.start(phoneNumber.text);
  await page.route('**/api/auth/status', (route) => route.abort());
  let polls = 0;
  page.on('request', (request) => {
    polls += request.url().endsWith('/api/auth/status') ? 1 : 0;
  });
  await page.clock.fastForward(301_000);
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await page.clock.runFor(60_000);
  expect(polls).toBeGreaterThan(0);
  expect(polls).toBeLessThanOrEqual(3);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});

for (const hasLocks of [true, false]) {
  const how = hasLocks ? 'which share one poll' : 'which have no locks';
  test(`two tabs of one browser, ${how}, share the attempt, and both are logged in`, {
    tag: '@once',
  }, async ({ login, phoneNumber, vendor, testPhone, messages, context, page }) => {
    if (!hasLocks) {
      await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'locks'));
    }
    const callNumber = await login.start(phoneNumber.text);
    const second = await context.newPage();
    await second.goto('/login');
    await expect(second.getByRole('heading', { name: messages.login.callHeading })).toBeVisible();
    await expect(second.getByText(phoneNumber.text)).toBeVisible();
    await testPhone.call(phoneNumber.e164, callNumber);
    await login.expectLoggedIn(phoneNumber.text);
    await second.bringToFront();
    await expect(second).toHaveURL('/account');
    expect((await vendor.requests(phoneNumber.e164)).length).toBeLessThanOrEqual(4);
    await page.close();
  });
}

test('seven tabs that wait keep no eighth page from loading, and the call logs all of them in', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  context,
  page,
  isMobile,
}) => {
  test.skip(isMobile, 'a phone shows one tab at a time');
  let polls = 0;
  context.on('request', (request) => {
    polls += request.url().endsWith('/api/auth/status') ? 1 : 0;
  });
  const callNumber = await login.start(phoneNumber.text);
  const tabs = [page];
  while (tabs.length < 8) {
    const tab = await context.newPage();
    // Less than the server holds a poll: no page has to wait for the end of one.
    await tab.goto('/login', { timeout: 10_000 });
    await expect(tab.getByText(messages.login.waiting.pending.text).first()).toBeVisible();
    tabs.push(tab);
  }
  expect(polls).toBe(1);
  await testPhone.call(phoneNumber.e164, callNumber);
  for (const tab of tabs) {
    await expect(tab).toHaveURL('/account');
  }
});

test('who asks in one tab takes the poll over, and a tab that the browser has stopped holds up no other', {
  tag: '@once',
}, async ({ login, phoneNumber, testPhone, messages, context, page }) => {
  const callNumber = await login.start(phoneNumber.text);
  const second = await context.newPage();
  await second.clock.install();
  await second.goto('/login');
  const other = new LoginPage(second, messages);
  await other.callNumber();
  const given = page.waitForEvent('requestfailed');
  const taken = second.waitForRequest('**/api/auth/status');
  await other.button(messages.login.called).click();
  await Promise.all([given, taken]);

  // A page that holds the lock and does nothing with it.
  const stopped = await context.newPage();
  await stopped.goto((await page.locator('a[href*="/call/"]').getAttribute('href')) ?? '');
  await stopped.evaluate(async () => {
    const [lock] = (await navigator.locks.query()).held ?? [];
    const never = () => new Promise(() => {});
    navigator.locks.request(lock?.name ?? '', { steal: true }, never).catch(() => {});
  });
  await second.clock.fastForward(31_000);
  await testPhone.call(phoneNumber.e164, callNumber);
  await other.expectLoggedIn(phoneNumber.text);
  await login.expectLoggedIn(phoneNumber.text);
});

test('the back button at the call step returns to the number and ends the attempt', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
}) => {
  await login.start('090-9999-4321');
  const cancelled = page.waitForRequest('**/api/auth/cancel');
  await page.goBack();
  await cancelled;
  await expect(login.heading(messages.login.numberHeading)).toBeFocused();
  await expect(login.field).toHaveValue('090-9999-4321');
  await login.enter(phoneNumber.text);
  await vendor.call(phoneNumber.e164, await login.callNumber());
  await login.expectLoggedIn(phoneNumber.text);
  await page.goBack();
  await expect(page).toHaveURL('about:blank');
});

test('the back button works at the call step after a reload and a change of language', async ({
  login,
  phoneNumber,
  messages,
  page,
}) => {
  await login.start(phoneNumber.text);
  await page.reload();
  await login.callNumber();
  const isEnglish = messages.site.languageLabel === 'Language';
  await page.getByRole('button', { name: isEnglish ? '日本語' : 'English' }).click();
  const other = isEnglish ? ja : en;
  await expect(login.heading(other.login.callHeading)).toBeVisible();
  await page.goBack();
  await expect(login.heading(other.login.numberHeading)).toBeVisible();
  await expect(page.getByRole('textbox')).toHaveValue(phoneNumber.text);
});

test('the back button after the login skips the login page', async ({
  login,
  phoneNumber,
  testPhone,
  page,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await page.goBack();
  await expect(page).toHaveURL('about:blank');
});

test('returning from another page keeps the step, and the call completes the login', {
  tag: '@once',
}, async ({ login, phoneNumber, vendor, testPhone, page, consoleProblems }) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.goto('/nowhere');
  await page.goBack();
  expect(await login.callNumber()).toBe(callNumber);
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter(({ kind }) => kind === 'create')).toHaveLength(1);
  // Chromium logs the 404.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('404')]);
});

test('a slow start shows progress, and a second press creates no second vendor session', {
  tag: '@once',
}, async ({ login, phoneNumber, vendor, messages, page }) => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/api/auth/start', async (route) => {
    await slow;
    await route.continue();
  });
  await login.open();
  await login.enter(phoneNumber.text);
  const busy = login.button(messages.login.numberSubmitting);
  await expect(busy).toHaveAttribute('aria-busy', 'true');
  await expect(page.getByRole('status')).toHaveText(messages.login.numberSubmitting);
  await busy.click();
  await expect(login.field).toHaveValue(phoneNumber.text);
  release();
  await login.callNumber();
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter(({ kind }) => kind === 'create')).toHaveLength(1);
});
