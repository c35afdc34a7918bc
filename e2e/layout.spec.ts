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

/** Horizontal overflow in CSS pixels. */
const horizontalOverflowOf = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });

/** Numbers and names of steps that go over a line end. */
const brokenTextsOf = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('main ol[aria-label] span, .unbroken')]
      .filter((element) => element.getClientRects().length > 1)
      .map((element) => element.textContent),
  );

/** Controls smaller than 44 × 44 px; links within a sentence are exempt (WCAG 2.5.8). */
const smallTargetsOf = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main :is(a, button, input, select, summary)')]
      .filter((element) => element.checkVisibility() && element.closest('p') === null)
      .map((element) => element.closest('label') ?? element)
      .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.height < 44 || box.width < 44)
      .map(({ text, box }) => `${text}: ${box.width} × ${box.height}`),
  );

/** Sets the browser's font size preference, 16 px by default. */
async function setFontSize(page: Page, standard: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Page.setFontSizes', { fontSizes: { standard } });
}

test('the layout does not shift between the first paint and the login', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
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
  await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: phoneNumber.e164 });
  await login.returnToPage();
  await expect(page.getByText(messages.login.waiting.retrying.text).first()).toBeVisible();
  await vendor.clearFaults(phoneNumber.e164);
  await expect(page.getByText(messages.login.waiting.pending.text).first()).toBeVisible();
  // The completed step is shown briefly: a 204 keeps the browser on it.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  await testPhone.call(phoneNumber.e164, callNumber);
  await expect(login.heading(messages.login.completedHeading)).toBeVisible();
  expect(await page.evaluate(() => window.shifts)).toEqual([]);
  expect(consoleProblems.splice(0).filter((text) => !/422|503/.test(text))).toEqual([]);
});

/** Unusable numbers whose problems have texts of different lengths. */
const unusable = [
  ['', 'phone_number_missing'],
  ['0120-123-456', 'phone_number_toll_free'],
  ['+999 1234 5678', 'phone_number_unknown_country'],
  ['(415) 555-2671', 'phone_number_not_in_country'],
  ['110', 'phone_number_emergency'],
] as const;

for (const [width, fontSize] of [
  [320, 16],
  [390, 16],
  [390, 32],
  [1280, 16],
] as const) {
  const setting = `${width} px wide, text of ${fontSize} px`;
  test(`no problem at the field moves the button below it: ${setting}`, async ({
    login,
    messages,
    page,
    consoleProblems,
  }) => {
    await page.setViewportSize({ width, height: 800 });
    await setFontSize(page, fontSize);
    await login.open();
    const topOfButton = () =>
      login.submit.evaluate((button) => button.getBoundingClientRect().top + window.scrollY);
    await expect(login.submit).toBeVisible();
    const top = await topOfButton();
    for (const [input, code] of unusable) {
      await login.enter(input);
      const text = messages.errors[code].split('{country}').at(-1) ?? '';
      await expect(page.getByText(text)).toBeVisible();
      expect(await topOfButton(), code).toBe(top);
      expect(await horizontalOverflowOf(page), code).toBe(0);
    }
    expect(consoleProblems.splice(0)).toHaveLength(unusable.length);
  });
}

for (const [setting, width, fontSize] of [
  ['320 px wide', 320, 16],
  ['text twice as large', 390, 32],
] as const) {
  test(`every step fits: ${setting}`, async ({ login, phoneNumber, testPhone, messages, page }) => {
    await page.setViewportSize({ width, height: 844 });
    await setFontSize(page, fontSize);
    const check = async () => {
      expect(await horizontalOverflowOf(page)).toBe(0);
      expect(await smallTargetsOf(page)).toEqual([]);
    };
    await login.open();
    await page.getByText(messages.login.otherCountry).click();
    await check();
    await login.enter(phoneNumber.text);
    const callNumber = await login.callNumber();
    await login.button(messages.login.called).click();
    await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
    await check();
    await page.goto((await page.locator('a[href*="/call/"]').getAttribute('href')) ?? '');
    await expect(page.getByRole('timer')).toBeVisible();
    await check();
    await login.open();
    await testPhone.call(phoneNumber.e164, callNumber);
    await login.expectLoggedIn(phoneNumber.text);
    await check();
  });
}

/** Sets what `-apple-system-body` sets on an iPhone: 17 px to begin with, up to 53 px. */
async function setIphoneText(page: Page, sizePx: number): Promise<void> {
  await page.evaluate((fontSize) => {
    document.documentElement.style.fontSize = fontSize;
  }, `${sizePx}px`);
}

test('on an iPhone the button is on the first screen, and every step fits text of every size', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  messages,
  page,
  isMobile,
  consoleProblems,
}) => {
  test.skip(!isMobile, 'a computer has no size of text of the system');
  const check = async () => {
    for (const [width, sizePx] of [
      [390, 34],
      [390, 40],
      [320, 40],
      [320, 53],
    ] as const) {
      await page.setViewportSize({ width, height: 664 });
      await setIphoneText(page, sizePx);
      expect(await brokenTextsOf(page)).toEqual([]);
      expect(await horizontalOverflowOf(page), `${width}, ${sizePx}`).toBe(0);
    }
  };
  await page.setViewportSize({ width: 390, height: 664 });
  await login.open();
  await setIphoneText(page, 17);
  // What a site with the real vendor does not show.
  await page.getByText(messages.site.sandboxNotice).evaluate((notice) => notice.remove());
  await expect(login.submit).toBeInViewport({ ratio: 1 });
  await page.getByText(messages.login.otherCountry).click();
  await check();
  await login.enter(phoneNumber.text);
  await login.callNumber();
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
  await check();
  await page.goto((await page.locator('a[href*="/call/"]').getAttribute('href')) ?? '');
  await expect(page.getByRole('timer')).toBeVisible();
  await check();
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.open();
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await check();
  await login.button(messages.login.startAgain).click();
  // The completed step is shown briefly: a 204 keeps the browser on it.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  const redirected = page.waitForResponse('**/account');
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  await expect(login.heading(messages.login.completedHeading)).toBeVisible();
  await check();
  await redirected;
  await page.unroute('**/account');
  await page.goto('/account');
  await login.expectLoggedIn(phoneNumber.text);
  await check();
  // Chromium logs that the attempt has expired.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('408')]);
});

test('text is as large as the system of an Android phone sets it', async ({ login, page }) => {
  const devtools = await page.context().newCDPSession(page);
  const sizeOfText = () =>
    page
      .locator('main p')
      .first()
      .evaluate((text) => parseFloat(getComputedStyle(text).fontSize));
  await login.open();
  const standard = await sizeOfText();
  await devtools.send('Emulation.setEmulatedOSTextScale', { scale: 2 });
  expect(await sizeOfText()).toBe(2 * standard);
  expect(await horizontalOverflowOf(page)).toBe(0);
});

test('a long site name keeps the logo and fits', async ({ login, page }) => {
  await login.open();
  for (const name of ['サイトの名前'.repeat(12), 'Sitename'.repeat(12)]) {
    const logo = await page
      .getByRole('banner')
      .getByRole('link')
      .evaluate((link, text) => {
        link.textContent = text;
        const { width, height } = getComputedStyle(link, '::before');
        return { width, height };
      }, name);
    expect(logo).toEqual({ width: '28px', height: '28px' });
    expect(await horizontalOverflowOf(page)).toBe(0);
  }
});

test('every step is usable in forced-colours mode', async ({
  login,
  phoneNumber,
  messages,
  page,
}) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await login.open();
  const edge = await login.field.evaluate((field) => getComputedStyle(field).borderTopWidth);
  expect(edge).not.toBe('0px');
  await login.enter(phoneNumber.text);
  await login.callNumber();
  await login.button(messages.login.called).click();
  await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
  await expectAccessible(page);
});

test('the button is on the first screen, right after the number, and above everything else', async ({
  login,
  messages,
  page,
}) => {
  for (const [width, height] of [
    [390, 664],
    [1366, 625],
  ] as const) {
    await page.setViewportSize({ width, height });
    await login.open();
    await expect(login.submit).toBeInViewport({ ratio: 1 });
    const tops = await Promise.all(
      [
        login.field,
        page.locator('[id$="-problem"]'),
        login.submit,
        page.getByLabel(messages.login.remember),
        page.getByText(messages.login.otherCountry),
      ].map(async (element) => (await element.boundingBox())?.y ?? Number.NaN),
    );
    expect(tops, `${width}`).toEqual(tops.toSorted((one, other) => one - other));
  }
});

test('on a laptop, the status and “I have called” are on the screen as the call step begins', async ({
  login,
  phoneNumber,
  messages,
  page,
  isMobile,
}) => {
  test.skip(isMobile, 'a phone has a call button there instead');
  await page.setViewportSize({ width: 1366, height: 625 });
  await login.start(phoneNumber.text);
  await expect(page.getByText(messages.login.waiting.pending.text).first()).toBeInViewport();
  await expect(login.button(messages.login.called)).toBeInViewport({ ratio: 1 });
});

test('the number to call is one link and one text, and the call button is right below it', async ({
  login,
  phoneNumber,
  page,
  isMobile,
}) => {
  test.skip(!isMobile, 'a computer has no call button');
  const callNumber = await login.start(phoneNumber.text);
  for (const [width, fontSize] of [
    [390, 16],
    [390, 32],
    [320, 16],
    [320, 32],
  ] as const) {
    await page.setViewportSize({ width, height: 664 });
    await setFontSize(page, fontSize);
    await page.reload();
    const number = page.getByRole('link', { name: /^050-\d{4}-\d{4}$/ });
    await expect(number).toHaveAttribute('href', `tel:${callNumber}`);
    const shown = await number.locator('span').evaluate((element) => ({
      texts: element.childNodes.length,
      lines: element.getClientRects().length,
      bottom: element.getBoundingClientRect().bottom,
    }));
    expect(shown).toMatchObject({ texts: 1, lines: 1 });
    const button = await login.call.boundingBox();
    expect((button?.y ?? 0) - shown.bottom, `${width}, ${fontSize}`).toBeLessThan(32);
    expect(await brokenTextsOf(page)).toEqual([]);
    expect(await horizontalOverflowOf(page)).toBe(0);
  }
});
