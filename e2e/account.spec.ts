import { randomNetwork, userAgents } from '#tests/support/visitor.ts';
import { expect, test as journey, LoginPage } from './journey.ts';
import type { TestPhone } from './test-phone.ts';

const test = journey.extend<{ openOtherBrowser: (userAgent: string) => Promise<LoginPage> }>({
  /** A login page in a new browser context with this user agent, on another network. */
  openOtherBrowser: async ({ browser, locale, baseURL, messages }, use) =>
    use(async (userAgent) => {
      const context = await browser.newContext({
        ...(locale === undefined ? {} : { locale }),
        ...(baseURL === undefined ? {} : { baseURL }),
        userAgent,
        extraHTTPHeaders: { 'x-forwarded-for': randomNetwork() },
      });
      return new LoginPage(await context.newPage(), messages);
    }),
});

async function logIn(
  login: LoginPage,
  testPhone: TestPhone,
  phoneNumber: { e164: string; text: string },
): Promise<void> {
  await testPhone.logIn(login.page, phoneNumber.text);
  await login.expectLoggedIn(phoneNumber.text);
}

test('a login on a new device is shown and can be ended from another device', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  openOtherBrowser,
}) => {
  const { account } = messages;
  await logIn(login, testPhone, phoneNumber);
  await expect(page.getByText(account.newDeviceHeading)).toBeHidden();
  await expect(login.button(account.endOtherSessions)).toBeHidden();

  const second = await openOtherBrowser(userAgents.firefoxOnAndroid);
  await logIn(second, testPhone, phoneNumber);
  await expect(second.page.getByText(account.newDeviceHeading)).toBeHidden();

  await page.reload();
  const notice = page.getByRole('region', { name: account.newDeviceHeading });
  await expect(notice).toContainText('Firefox · Android');
  await expect(notice.locator('time')).toBeVisible();
  await notice.getByRole('button', { name: account.endSession }).focus();
  await page.keyboard.press('Enter');

  const list = page.getByRole('region', { name: account.sessionsHeading });
  await expect(list.getByRole('status')).toContainText('Firefox · Android');
  await expect(list.getByRole('heading')).toBeFocused();
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await expect(list.getByRole('listitem')).toContainText(account.thisBrowser);
  await expect(page.getByText(account.events.session_ended)).toBeVisible();

  await login.button(account.newDeviceSeen).click();
  await expect(notice).toBeHidden();
  await page.reload();
  await expect(list).toBeVisible();
  await expect(notice).toBeHidden();

  await second.page.reload();
  await expect(second.page).toHaveURL('/login');
  await second.page.context().close();
});

test('one press ends all other sessions', { tag: '@once' }, async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  openOtherBrowser,
}) => {
  const { account } = messages;
  await logIn(login, testPhone, phoneNumber);
  const others = [
    await openOtherBrowser(userAgents.firefoxOnAndroid),
    await openOtherBrowser(userAgents.chromeOnWindows),
  ];
  for (const other of others) {
    await logIn(other, testPhone, phoneNumber);
  }
  await page.reload();
  const list = page.getByRole('region', { name: account.sessionsHeading });
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await login.button(account.endOtherSessions).click();
  await expect(list.getByRole('status')).toHaveText(account.otherSessionsEnded);
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await expect(list.getByRole('heading')).toBeFocused();
  for (const other of others) {
    await other.page.goto('/account');
    await expect(other.page).toHaveURL('/login');
    await other.page.context().close();
  }
});

test('a press in a session that another device has ended opens the login page', {
  tag: '@once',
}, async ({ login, phoneNumber, testPhone, messages, page, openOtherBrowser, consoleProblems }) => {
  const { account } = messages;
  await logIn(login, testPhone, phoneNumber);
  const second = await openOtherBrowser(userAgents.firefoxOnAndroid);
  await logIn(second, testPhone, phoneNumber);
  await page.reload();
  await second.button(account.endOtherSessions).click();
  await expect(second.page.getByText(account.otherSessionsEnded)).toBeVisible();
  await login.button(account.endOtherSessions).click();
  await expect(page).toHaveURL('/login');
  await second.page.context().close();
  // Chromium logs the 401 in its console.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('401')]);
});
