import type { Page } from '@playwright/test';
import { expect, test } from './journey.ts';

test('the whole login works with the keyboard alone, and the focus follows the steps', async ({
  login,
  phoneNumber,
  testPhone,
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
  await expect(page.getByRole('status')).toHaveText(messages.login.waiting.pending.text);
  await tabTo(page, login.call);
  await testPhone.call(phoneNumber.e164, callNumber);
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
  throw new Error('20 presses of Tab did not focus the element: is it in the tab order?');
}
