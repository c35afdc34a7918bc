import { expect, test } from './journey.ts';

test('coming back from the dialler checks at once', async ({
  login,
  phoneNumber,
  vendor,
  page,
}) => {
  await vendor.addFault({
    match: 'check',
    kind: 'malformed',
    body: '{"status":"pending"}',
    phone_number: phoneNumber.e164,
  });
  const callNumber = await login.start(phoneNumber.text);
  await vendor.call(phoneNumber.e164, callNumber);
  const dropped = page.waitForEvent('requestfailed');
  const asked = page.waitForRequest('**/api/auth/status');
  await login.comeBack();
  await dropped;
  await asked;
  await vendor.clearFaults(phoneNumber.e164);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a tunnel loses nothing: offline is shown, and the login goes on behind it', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  context,
  consoleProblems,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await context.setOffline(true);
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await vendor.call(phoneNumber.e164, callNumber);
  await context.setOffline(false);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});

test('behind a proxy that cuts every held poll the page finds out what it lets through', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  consoleProblems,
}) => {
  const preferred: (string | undefined)[] = [];
  await page.route('**/api/auth/status', async (route) => {
    preferred.push(route.request().headers().prefer);
    const answer = await route.fetch({ timeout: 4_000 }).catch(() => null);
    await (answer === null ? route.abort() : route.fulfill({ response: answer })).catch(() => {});
  });
  const callNumber = await login.start(phoneNumber.text);
  const answered = await page.waitForResponse('**/api/auth/status');
  expect(await answered.json()).toMatchObject({ status: 'pending' });
  expect(preferred).toEqual(['wait=99', 'wait=99', 'wait=3']);
  await expect(page.getByText(messages.login.waiting.disconnected.text)).toHaveCount(0);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  expect(consoleProblems.splice(0).filter((text) => !/ERR_|fetch/.test(text))).toEqual([]);
});

test('once the time is up and nothing answers, the page asks a few times and no more', async ({
  login,
  phoneNumber,
  messages,
  page,
  consoleProblems,
}) => {
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

test('two tabs of one browser share the attempt, and both are let in', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  context,
  page,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  const second = await context.newPage();
  await second.goto('/login');
  await expect(second.getByRole('heading', { name: messages.login.callHeading })).toBeVisible();
  await expect(second.getByText(phoneNumber.text)).toBeVisible();
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await second.bringToFront();
  await expect(second).toHaveURL('/account');
  expect((await vendor.requests(phoneNumber.e164)).length).toBeLessThanOrEqual(4);
  await page.close();
});

test('the back button after the login leads to where the person came from', async ({
  login,
  phoneNumber,
  vendor,
  page,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await page.goBack();
  await expect(page).toHaveURL('about:blank');
});

test('back from another page, the step is the same and the call still counts', async ({
  login,
  phoneNumber,
  vendor,
  page,
  consoleProblems,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  await page.goto('/nowhere');
  await page.goBack();
  expect(await login.callNumber()).toBe(callNumber);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter(({ kind }) => kind === 'create')).toHaveLength(1);
  // What Chromium notes of the page that is none.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('404')]);
});

test('a slow network shows that something is under way, and a second press spends nothing', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
}) => {
  let goOn = () => {};
  const slow = new Promise<void>((resolve) => {
    goOn = resolve;
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
  goOn();
  await login.callNumber();
  const requests = await vendor.requests(phoneNumber.e164);
  expect(requests.filter(({ kind }) => kind === 'create')).toHaveLength(1);
});
