import type { Page } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { expect, test } from './journey.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every step is accessible, ${colorScheme}`, async ({
    login,
    phoneNumber,
    vendor,
    messages,
    page,
    consoleProblems,
  }) => {
    test.slow();
    await page.emulateMedia({ colorScheme });
    await login.open();
    await expect(login.submit).toBeEnabled();
    await expectAccessible(page, colorScheme);
    await login.enter('090');
    await expect(login.field).toHaveAttribute('aria-invalid', 'true');
    await expectAccessible(page, colorScheme);
    await page.getByText(messages.login.otherCountry).click();
    await expectAccessible(page, colorScheme);
    await page.getByLabel(messages.login.remember).check();
    await login.enter(phoneNumber.text);
    await login.callNumber();
    await expectAccessible(page, colorScheme);
    await login.button(messages.login.called).click();
    await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
    await expectAccessible(page, colorScheme);
    await vendor.advanceClock(301, phoneNumber.e164);
    await login.comeBack();
    await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
    await expectAccessible(page, colorScheme);
    await login.button(messages.login.startAgain).click();
    // The moment of success is short: "no content" keeps the browser where it is.
    await page.route('**/account', (route) => route.fulfill({ status: 204 }));
    await vendor.call(phoneNumber.e164, await login.callNumber());
    await expect(login.heading(messages.login.verifiedHeading)).toBeVisible();
    await expectAccessible(page, colorScheme);
    await page.unroute('**/account');
    await page.goto('/account');
    await login.expectLoggedIn(phoneNumber.text);
    await expectAccessible(page, colorScheme);
    await login.button(messages.account.logOut).click();
    await expect(page.getByText(messages.login.rememberedLabel)).toBeVisible();
    await expectAccessible(page, colorScheme);
    await page.goto('/nowhere');
    await expectAccessible(page, colorScheme);
    // What Chromium notes of the refused number, the expiry and the page that is none.
    const expected = /status of (404|408|422)/;
    expect(consoleProblems.splice(0).filter((problem) => !expected.test(problem))).toEqual([]);
  });
}

test('the whole journey works by keyboard alone, and focus follows the steps', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
}) => {
  await login.open();
  await expect(login.submit).toBeEnabled();
  await tabTo(page, login.field);
  await page.keyboard.type(phoneNumber.text);
  await page.keyboard.press('Enter');
  const callNumber = await login.callNumber();
  await expect(login.heading(messages.login.callHeading)).toBeFocused();
  await expect(page.getByRole('status')).toHaveText(messages.login.waiting);
  await tabTo(page, page.getByRole('link', { name: messages.login.callButton, exact: true }));
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await tabTo(page, login.button(messages.account.logOut));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/login');
});

async function tabTo(page: Page, target: ReturnType<Page['locator']>) {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    if (await target.evaluate((element) => element === document.activeElement)) {
      return;
    }
  }
  throw new Error('the keyboard does not reach it');
}
