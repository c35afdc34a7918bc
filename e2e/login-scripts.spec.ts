import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import * as z from 'zod';
import { emptyPage } from '#bench/page/empty-page.ts';
import { SCRIPT_ALLOWANCE_BYTES } from '#bench/page/report.ts';
import { bytesOf, type Load, weigh } from '#bench/page/weigh.ts';
import { expect, test } from './journey.ts';

const scripts = '**/_next/static/**/*.js';

test('the first step loads at most 15 kB of scripts more than an empty page', async ({
  app,
  browser,
  locale,
  messages,
}) => {
  const load = await weigh(browser, { locale: locale ?? 'ja-JP' }, async (page) => {
    await page.goto(`${app.origin}/login`);
    await page.getByRole('button', { name: messages.passkeys.use }).waitFor();
  });
  expect(await scriptBytesOverEmptyPage(load)).toBeLessThanOrEqual(SCRIPT_ALLOWANCE_BYTES);
});

test('a page that is opened at the call step loads at most 15 kB more as well', async ({
  app,
  browser,
  locale,
  login,
  page,
  phoneNumber,
}) => {
  await login.start(phoneNumber.text);
  const storageState = await page.context().storageState();
  const load = await weigh(browser, { locale: locale ?? 'ja-JP', storageState }, async (opened) => {
    // All scripts are loaded when they poll. The poll itself is held.
    const firstPoll = opened.waitForRequest('**/api/auth/status');
    await opened.goto(`${app.origin}/login`);
    await firstPoll;
  });
  expect(await scriptBytesOverEmptyPage(load)).toBeLessThanOrEqual(SCRIPT_ALLOWANCE_BYTES);
});

test('where a newer version has replaced the page, the call step is opened anew and logs in', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  consoleProblems,
}) => {
  await login.open();
  await expect(login.button(messages.passkeys.use)).toBeVisible();
  await page.route(scripts, (route) => route.fulfill({ status: 404 }));
  const reloaded = page.waitForEvent('domcontentloaded');
  await login.enter(phoneNumber.text);
  await reloaded;
  await page.unroute(scripts);
  const callNumber = await login.callNumber();
  await page.reload();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  consoleProblems.splice(0);
});

test('without a connection the call step stays, says so, and goes on once it is back', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  consoleProblems,
}) => {
  await login.open();
  await expect(login.button(messages.passkeys.use)).toBeVisible();
  await loseConnection(page);
  const callNumber = await login.enter(phoneNumber.text).then(() => login.callNumber());
  await expect(page.getByText(messages.login.waiting.disconnected.text).first()).toBeVisible();
  await expect(login.call).toBeVisible();
  await page.unrouteAll();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  consoleProblems.splice(0);
});

/** All but the start is lost: the connection breaks right after it. */
async function loseConnection(page: Page): Promise<void> {
  await page.route(scripts, (route) => route.abort());
  await page.route('**/api/health/live', (route) => route.abort());
}

async function scriptBytesOverEmptyPage(load: Load): Promise<number> {
  const next = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile('node_modules/next/package.json', 'utf8')));
  expect(next.version, 'measure the empty page again: bench/page/empty-page.ts').toBe(
    emptyPage.next,
  );
  return bytesOf(load, 'script') - emptyPage.scriptBytes;
}
