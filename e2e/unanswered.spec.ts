import type { Page, Route } from '@playwright/test';
import { expect, test } from './journey.ts';

/** Requests whose answer never comes, as on a phone that has changed networks. */
async function leaveUnanswered(page: Page, path: string): Promise<void> {
  await page.clock.install();
  await page.route(`**${path}`, () => {}, { times: 1 });
}

test('a start that is never answered ends after ten seconds, and the next press works', {
  tag: '@once',
}, async ({ login, page, phoneNumber, messages }) => {
  await leaveUnanswered(page, '/api/auth/start');
  await login.open();
  const sent = page.waitForRequest('**/api/auth/start');
  await login.enter(phoneNumber.text);
  await sent;
  await page.clock.fastForward(10_000);
  await expect(page.getByText(messages.login.notSent)).toBeVisible();
  await expect(login.field).toHaveValue(phoneNumber.text);
  await login.submit.click();
  await login.callNumber();
});

test('a cancel that is never answered holds the next start up for three seconds at most', {
  tag: '@once',
}, async ({ login, page, phoneNumber, messages }) => {
  await leaveUnanswered(page, '/api/auth/cancel');
  await login.start(phoneNumber.text);
  const sent = page.waitForRequest('**/api/auth/cancel');
  await login.button(messages.login.callChange).click();
  await sent;
  await login.submit.click();
  await page.clock.fastForward(3_000);
  await login.callNumber();
});

test('a poll that is never answered is shown as a lost connection, and the next one logs in', {
  tag: '@once',
}, async ({ login, page, phoneNumber, messages, testPhone }) => {
  await leaveUnanswered(page, '/api/auth/status');
  const sent = page.waitForRequest('**/api/auth/status');
  const callNumber = await login.start(phoneNumber.text);
  await sent;
  await page.clock.fastForward(35_000);
  const disconnected = page.getByText(messages.login.waiting.disconnected.text).first();
  await expect(disconnected).toBeVisible();
  // The next poll is not held, so that it says at once that the server is back.
  await expect(disconnected).toBeHidden();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
});

test('code of the call step that never comes is shown as a lost connection, and logs in once it is there', {
  tag: '@once',
}, async ({ login, page, phoneNumber, messages, testPhone, consoleProblems }) => {
  await page.clock.install();
  await login.open();
  await expect(login.button(messages.passkeys.use)).toBeVisible();
  const held: Route[] = [];
  await page.route('**/_next/static/**/*.js', (route) => {
    held.push(route);
  });
  await page.route('**/api/health/live', (route) => route.abort());
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await page.clock.fastForward(10_000);
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await Promise.all(held.map((route) => route.continue()));
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  // Chromium logs the health check that was lost.
  consoleProblems.splice(0);
});

test('a refused clipboard is said at the button, and the number is selected to be copied by hand', async ({
  login,
  page,
  phoneNumber,
  messages,
  isMobile,
}) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('denied'));
  });
  await login.start(phoneNumber.text);
  const before = await login.button(messages.login.called).boundingBox();
  await page.getByRole('button', { name: messages.login.copy, exact: true }).click();
  await expect(login.button(messages.login.notCopied)).toBeVisible();
  expect(await login.button(messages.login.called).boundingBox()).toEqual(before);
  const selection = () => page.evaluate(() => String(window.getSelection()));
  const number = await page
    .getByText(/^050-\d{4}-\d{4}$/)
    .first()
    .textContent();
  expect(await selection()).toBe(number);
  if (isMobile) {
    await login.button(messages.login.called).click();
    await page.evaluate(() => window.getSelection()?.removeAllRanges());
    await login.button(messages.login.troubleshooting.appCopy).click();
    await expect.poll(selection).toBe(number);
  }
});
