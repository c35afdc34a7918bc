import { DatabaseSync } from 'node:sqlite';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import type { ControlClient } from '#sandbox/control-client.ts';
import { randomNetwork, userAgents } from '#tests/support/visitor.ts';
import { expectAccessibleInBothThemes } from './accessible.ts';
import { type Authenticator, addAuthenticator } from './authenticator.ts';
import { expect, test as journey, LoginPage } from './journey.ts';

const test = journey.extend<{ authenticator: Authenticator }>({
  authenticator: async ({ page }, use) => {
    await use(await addAuthenticator(page));
  },
});

async function callFrom(
  login: LoginPage,
  vendor: ControlClient,
  phoneNumber: { e164: string; text: string },
): Promise<void> {
  await vendor.call(phoneNumber.e164, await login.start(phoneNumber.text));
}

/** Logs in by call and takes the offer. */
async function enrol(
  login: LoginPage,
  vendor: ControlClient,
  phoneNumber: { e164: string; text: string },
): Promise<void> {
  await callFrom(login, vendor, phoneNumber);
  await login.button(login.messages.passkeys.offerAdd).click();
  await login.expectLoggedIn(phoneNumber.text);
}

async function logOut({ page, messages }: LoginPage): Promise<void> {
  await page.getByRole('button', { name: messages.account.logOut, exact: true }).click();
  await expect(page).toHaveURL('/login');
}

const listOf = ({ page, messages }: LoginPage) =>
  page.getByRole('region', { name: messages.passkeys.heading, exact: true });

test('a passkey is offered after a call and logs in without one, by press and in the field', async ({
  authenticator: _,
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  context,
  baseURL,
}) => {
  const { passkeys } = messages;
  await callFrom(login, vendor, phoneNumber);
  const offer = page.getByRole('region', { name: passkeys.offerHeading });
  await expect(offer.getByRole('heading')).toBeFocused();
  await expectAccessibleInBothThemes(page, 'the offer');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await login.expectLoggedIn(phoneNumber.text);
  await expect(listOf(login).getByRole('listitem')).toHaveCount(1);
  await expectAccessibleInBothThemes(page, 'the account with a passkey');

  await logOut(login);
  const requests = (await vendor.requests(phoneNumber.e164)).length;
  await login.button(passkeys.use).click();
  await login.expectLoggedIn(phoneNumber.text);
  await expect(page.getByText(messages.account.events.passkey_used)).toBeVisible();

  await logOut(login);
  await context.addCookies([{ name: 'autofill', value: '1', url: baseURL ?? '' }]);
  await page.goto('/login?next=/account');
  await login.expectLoggedIn(phoneNumber.text);
  expect((await vendor.requests(phoneNumber.e164)).length).toBe(requests);
});

test('"not now" goes on at once and is remembered; the account page still adds one', {
  tag: '@once',
}, async ({ authenticator: _, login, phoneNumber, vendor, messages }) => {
  const { passkeys } = messages;
  await callFrom(login, vendor, phoneNumber);
  await login.button(passkeys.offerDecline).click();
  await login.expectLoggedIn(phoneNumber.text);
  await logOut(login);
  await callFrom(login, vendor, phoneNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await listOf(login).getByRole('button', { name: passkeys.offerAdd }).click();
  await expect(listOf(login).getByRole('status')).toHaveText(passkeys.added);
  await expect(listOf(login).getByRole('listitem')).toHaveCount(1);
});

test('of two passkeys one is renamed and removed; removed, it no longer logs in', {
  tag: '@once',
}, async ({ authenticator, login, phoneNumber, vendor, messages, page, consoleProblems }) => {
  const { passkeys } = messages;
  await enrol(login, vendor, phoneNumber);
  const list = listOf(login);
  await list.getByRole('button', { name: passkeys.rename }).click();
  await page.getByLabel(passkeys.name, { exact: true }).fill('First');
  await page.keyboard.press('Enter');
  await expect(
    list.getByRole('listitem').getByText('First', { exact: true }).first(),
  ).toBeVisible();

  // Another device: its authenticator, in place of the first.
  const { cdp, authenticatorId } = authenticator;
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  const second = await addAuthenticator(page);
  await list.getByRole('button', { name: passkeys.offerAdd }).click();
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await list
    .getByRole('listitem')
    .filter({ hasText: 'First' })
    .getByRole('button', { name: passkeys.remove })
    .click();
  await expect(list.getByRole('status')).toHaveText(passkeys.removed);
  await expect(list.getByRole('listitem')).toHaveCount(1);

  // The first device still has the passkey that was removed here.
  await logOut(login);
  await second.cdp.send('WebAuthn.removeVirtualAuthenticator', {
    authenticatorId: second.authenticatorId,
  });
  const again = await addAuthenticator(page);
  for (const credential of credentials) {
    await again.cdp.send('WebAuthn.addCredential', {
      authenticatorId: again.authenticatorId,
      credential,
    });
  }
  await login.button(passkeys.use).click();
  await expect(page.getByText(messages.errors.passkey_unknown)).toBeVisible();
  await expect(login.field).toBeVisible();
  // Chromium logs the 404 in its console.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('404')]);
});

test('the passkey of a phone logs in on a computer, to which the phone is another device', {
  tag: '@once',
}, async ({ authenticator, login, phoneNumber, vendor, messages, browser, locale, baseURL }) => {
  await enrol(login, vendor, phoneNumber);
  const { cdp, authenticatorId: ofPhone } = authenticator;
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: ofPhone });
  const context = await browser.newContext({
    ...(locale === undefined ? {} : { locale }),
    ...(baseURL === undefined ? {} : { baseURL }),
    extraHTTPHeaders: { 'x-forwarded-for': randomNetwork() },
  });
  const computer = new LoginPage(await context.newPage(), messages);
  const phone = await addAuthenticator(computer.page, 'cable');
  for (const credential of credentials) {
    const { authenticatorId } = phone;
    await phone.cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
  }
  await computer.open();
  await computer.button(messages.passkeys.use).click();
  await computer.expectLoggedIn(phoneNumber.text);
  await context.close();
});

test('who has lost the passkey gets back in by call, limited, and the other device can object', async ({
  authenticator: _,
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  browser,
  locale,
  baseURL,
}) => {
  const { account, passkeys } = messages;
  await enrol(login, vendor, phoneNumber);
  const context = await browser.newContext({
    ...(locale === undefined ? {} : { locale }),
    ...(baseURL === undefined ? {} : { baseURL }),
    userAgent: userAgents.firefoxOnAndroid,
    extraHTTPHeaders: { 'x-forwarded-for': randomNetwork() },
  });
  const other = new LoginPage(await context.newPage(), messages);
  await callFrom(other, vendor, phoneNumber);
  await other.expectLoggedIn(phoneNumber.text);
  await expect(other.page.getByRole('region', { name: passkeys.limitedHeading })).toBeVisible();
  await expect(other.button(passkeys.remove)).toBeHidden();
  await expect(other.button(account.endSession)).toBeHidden();
  await expectAccessibleInBothThemes(other.page, 'a limited session');

  await page.reload();
  const notice = page.getByRole('region', { name: passkeys.callAloneHeading });
  await notice.getByRole('button', { name: account.endSession }).click();
  await expect(page.getByText(account.events.session_ended)).toBeVisible();
  await other.page.reload();
  await expect(other.page).toHaveURL('/login');
  await context.close();
});

test('a limited session does everything once a passkey is used, and a page that asks for one comes back', {
  tag: '@once',
}, async ({ authenticator: _, login, phoneNumber, vendor, messages, page }) => {
  const { passkeys } = messages;
  await enrol(login, vendor, phoneNumber);
  await logOut(login);
  await callFrom(login, vendor, phoneNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await expect(page.getByRole('region', { name: passkeys.limitedHeading })).toBeVisible();
  await page.goto('/passkey?next=/account');
  await expectAccessibleInBothThemes(page, 'the page that asks for a passkey');
  await login.button(passkeys.use).click();
  await login.expectLoggedIn(phoneNumber.text);
  await expect(page.getByRole('region', { name: passkeys.limitedHeading })).toBeHidden();
  await listOf(login).getByRole('button', { name: passkeys.remove }).click();
  await expect(listOf(login).getByRole('status')).toHaveText(passkeys.removed);
});

test('when the number changes hands, the new owner has no passkey and the old one opens the old account', {
  tag: '@once',
}, async ({ authenticator: _, login, phoneNumber, vendor, messages, page, app }) => {
  const { passkeys } = messages;
  await enrol(login, vendor, phoneNumber);
  await logOut(login);
  const database = new DatabaseSync(app.databasePath);
  database
    .prepare('update users set last_active_at = 0 where phone_number = ?')
    .run(phoneNumber.e164);
  database.close();
  await callFrom(login, vendor, phoneNumber);
  await login.button(passkeys.offerDecline).click();
  await login.expectLoggedIn(phoneNumber.text);
  await expect(listOf(login).getByRole('listitem')).toHaveCount(0);
  await logOut(login);
  await login.button(passkeys.use).click();
  await login.expectLoggedIn(phoneNumber.text);
  await expect(page.getByText(passkeys.setAside)).toBeVisible();
});

test('a passkey logs in while the vendor is down', { tag: '@once' }, async ({
  authenticator: _,
  login,
  phoneNumber,
  vendor,
  messages,
}) => {
  await enrol(login, vendor, phoneNumber);
  await logOut(login);
  await vendor.addFault({ kind: 'reset', phone_number: phoneNumber.e164 });
  await login.button(messages.passkeys.use).click();
  await login.expectLoggedIn(phoneNumber.text);
  // The sandbox serves other tests too.
  await vendor.clearFaults(phoneNumber.e164);
});

test('a prompt that was cancelled says what to do next, and a call works', async ({
  authenticator: { cdp, authenticatorId },
  login,
  phoneNumber,
  vendor,
  messages,
  page,
}) => {
  const { passkeys } = messages;
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await login.open();
  await login.button(passkeys.use).click();
  await expect(page.getByText(passkeys.cancelled)).toBeVisible();
  await login.enter(phoneNumber.text);
  await vendor.call(phoneNumber.e164, await login.callNumber());
  await login.button(passkeys.offerAdd).click();
  await expect(page.getByText(passkeys.notAdded)).toBeVisible();
  await login.button(passkeys.offerDecline).click();
  await login.expectLoggedIn(phoneNumber.text);
});

test('messages about passkeys change language with the page', async ({
  authenticator: { cdp, authenticatorId },
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  consoleProblems,
}) => {
  const [other, ownName, otherName] =
    messages === en ? [ja, 'English', '日本語'] : [en, '日本語', 'English'];
  const expectBoth = async (textOf: (texts: typeof messages) => string) => {
    await expect(page.getByText(textOf(messages))).toBeVisible();
    await page.getByRole('button', { name: otherName }).click();
    await expect(page.getByText(textOf(other))).toBeVisible();
    await page.getByRole('button', { name: ownName }).click();
    await expect(page.getByText(textOf(messages))).toBeVisible();
  };
  await enrol(login, vendor, phoneNumber);
  await login.button(messages.passkeys.remove).click();
  await expectBoth(({ passkeys }) => passkeys.removed);
  await logOut(login);
  await login.button(messages.passkeys.use).click();
  await expectBoth(({ errors }) => errors.passkey_unknown);
  await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  await login.button(messages.passkeys.use).click();
  await expectBoth(({ passkeys }) => passkeys.cancelled);
  consoleProblems.splice(0);
});

test('inside an app no passkey is offered after a call', { tag: '@once' }, async ({
  authenticator: { cdp },
  login,
  phoneNumber,
  vendor,
  messages,
  page,
}) => {
  const userAgent = `${await page.evaluate(() => navigator.userAgent)} Line/14.0.0`;
  await cdp.send('Emulation.setUserAgentOverride', { userAgent });
  await callFrom(login, vendor, phoneNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await expect(listOf(login)).toContainText(messages.passkeys.none);
});

test('a browser without passkeys sees the page as it was', { tag: '@once' }, async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(window, 'PublicKeyCredential'));
  await callFrom(login, vendor, phoneNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await expect(page.getByText(messages.passkeys.unsupported)).toBeVisible();
  await logOut(login);
  await expect(login.button(messages.passkeys.use)).toBeHidden();
});
