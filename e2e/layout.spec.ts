import type { Page } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { expect, test } from './journey.ts';

declare global {
  interface Window {
    shifts: string[];
  }
  interface PerformanceEntry {
    sources?: { node: Node | null }[];
  }
}

/** Horizontal scrolling, and what is in it. */
const sidewaysOf = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });

/** Controls that are smaller than a finger needs; links within a sentence are exempt (WCAG 2.5.8). */
const smallTargetsOf = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main :is(a, button, input, select, summary)')]
      .filter((element) => element.checkVisibility() && element.closest('p') === null)
      .map((element) => (element.closest('label') ?? element).getBoundingClientRect())
      .filter(({ height, width }) => height < 44 || width < 44)
      .map(({ height, width }) => `${width} × ${height}`),
  );

test('nothing moves under the finger, from the first paint to the login', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  consoleProblems,
}) => {
  await page.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        for (const { node } of entry.sources ?? []) {
          window.shifts.push(`${node?.nodeName} ${node?.textContent}`);
        }
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await login.open();
  await login.enter('0120-123-456');
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
  await vendor.call(phoneNumber.e164, callNumber);
  await expect(login.heading(messages.login.verifiedHeading)).toBeVisible();
  expect(await page.evaluate(() => window.shifts)).toEqual([]);
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('422')]);
});

/** Something of each length that can be wrong with a number. */
const unusable = [
  ['', 'phone_number_missing'],
  ['0120-123-456', 'phone_number_toll_free'],
  ['+999 1234 5678', 'phone_number_unknown_country'],
  ['(415) 555-2671', 'phone_number_not_in_country'],
  ['110', 'phone_number_emergency'],
] as const;

for (const width of [320, 390, 1280]) {
  test(`no problem at the field moves the button below it, ${width} px wide`, async ({
    login,
    messages,
    page,
    consoleProblems,
  }) => {
    await page.setViewportSize({ width, height: 800 });
    await login.open();
    const topOfButton = () =>
      login.submit.evaluate((button) => button.getBoundingClientRect().top + window.scrollY);
    await expect(login.submit).toBeVisible();
    const top = await topOfButton();
    for (const [input, code] of unusable) {
      await login.enter(input);
      const words = messages.errors[code].split('{country}').at(-1) ?? '';
      await expect(page.getByText(words)).toBeVisible();
      expect(await topOfButton(), code).toBe(top);
    }
    expect(consoleProblems.splice(0)).toHaveLength(unusable.length);
  });
}

for (const [how, prepare] of [
  ['320 px wide', (page: Page) => page.setViewportSize({ width: 320, height: 640 })],
  ['text twice as large', (page: Page) => page.setViewportSize({ width: 390, height: 844 })],
] as const) {
  test(`every step fits, ${how}`, async ({ login, phoneNumber, vendor, messages, page }) => {
    await prepare(page);
    if (how === 'text twice as large') {
      await page.addInitScript(() => {
        document.addEventListener('DOMContentLoaded', () => {
          document.documentElement.style.fontSize = '200%';
        });
      });
    }
    const check = async () => {
      expect(await sidewaysOf(page)).toBe(0);
      expect(await smallTargetsOf(page)).toEqual([]);
    };
    await login.open();
    await page.getByText(messages.login.otherCountry).click();
    await check();
    await login.enter(phoneNumber.text);
    const callNumber = await login.callNumber();
    await login.button(messages.login.called).click();
    await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
    await check();
    await page.goto((await page.locator('a[href*="/call/"]').getAttribute('href')) ?? '');
    await expect(page.getByRole('timer')).toBeVisible();
    await check();
    await login.open();
    await vendor.call(phoneNumber.e164, callNumber);
    await login.expectLoggedIn(phoneNumber.text);
    await check();
  });
}

test('forced colours leave every step usable', async ({ login, phoneNumber, messages, page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await login.open();
  const edge = await login.field.evaluate((field) => getComputedStyle(field).borderTopWidth);
  expect(edge).not.toBe('0px');
  await login.enter(phoneNumber.text);
  await login.callNumber();
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
  await expectAccessible(page);
});
