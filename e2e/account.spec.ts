import type { ControlClient } from '#sandbox/control-client.ts';
import { randomNetwork, userAgents } from '#tests/support/visitor.ts';
import { expect, test as journey, LoginPage } from './journey.ts';

const test = journey.extend<{ openElsewhere: (userAgent: string) => Promise<LoginPage> }>({
  /** Opens the login page in a browser of its own that calls itself `userAgent`. */
  openElsewhere: async ({ browser, locale, baseURL, messages }, use) =>
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
  vendor: ControlClient,
  phoneNumber: { e164: string; text: string },
): Promise<void> {
  await vendor.call(phoneNumber.e164, await login.start(phoneNumber.text));
  await login.expectLoggedIn(phoneNumber.text);
}

test('a login on a new device is shown, and can be ended from here', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  openElsewhere,
}) => {
  const { account } = messages;
  await logIn(login, vendor, phoneNumber);
  await expect(page.getByText(account.newDeviceHeading)).toBeHidden();
  await expect(login.button(account.endElsewhere)).toBeHidden();

  const second = await openElsewhere(userAgents.firefoxOnAndroid);
  await logIn(second, vendor, phoneNumber);
  await expect(second.page.getByText(account.newDeviceHeading)).toBeHidden();

  await page.reload();
  const notice = page.getByRole('region', { name: account.newDeviceHeading });
  await expect(notice).toContainText('Firefox · Android');
  await expect(notice.locator('time')).toBeVisible();
  await notice.getByRole('button', { name: account.endThere }).focus();
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

test('everywhere else is logged out with one press', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  openElsewhere,
}) => {
  const { account } = messages;
  await logIn(login, vendor, phoneNumber);
  const others = [
    await openElsewhere(userAgents.firefoxOnAndroid),
    await openElsewhere(userAgents.chromeOnWindows),
  ];
  for (const other of others) {
    await logIn(other, vendor, phoneNumber);
  }
  await page.reload();
  const list = page.getByRole('region', { name: account.sessionsHeading });
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await login.button(account.endElsewhere).click();
  await expect(list.getByRole('status')).toHaveText(account.endedElsewhere);
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await expect(list.getByRole('heading')).toBeFocused();
  for (const other of others) {
    await other.page.goto('/account');
    await expect(other.page).toHaveURL('/login');
    await other.page.context().close();
  }
});

test('a press in a session that was ended elsewhere leads to the login', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  openElsewhere,
  consoleProblems,
}) => {
  const { account } = messages;
  await logIn(login, vendor, phoneNumber);
  const second = await openElsewhere(userAgents.firefoxOnAndroid);
  await logIn(second, vendor, phoneNumber);
  await page.reload();
  await second.button(account.endElsewhere).click();
  await expect(second.page.getByText(account.endedElsewhere)).toBeVisible();
  await login.button(account.endElsewhere).click();
  await expect(page).toHaveURL('/login');
  await second.page.context().close();
  // Chromium notes the 401 in its console.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('401')]);
});
