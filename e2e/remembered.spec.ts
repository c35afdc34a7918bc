import { expect, test } from './journey.ts';

test('a person whose number is remembered logs in again without typing', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
}) => {
  const masked = `090-••••-${phoneNumber.text.slice(-4)}`;
  await login.open();
  await page.getByLabel(messages.login.remember).check();
  await login.enter(phoneNumber.text);
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  await login.expectLoggedIn(phoneNumber.text);
  await login.button(messages.account.logOut).click();

  await expect(page.getByText(masked)).toBeVisible();
  await expect(login.field).toBeHidden();
  await login.button(messages.login.numberSubmit).click();
  const callNumber = await login.callNumber();
  await expect(page.getByText(masked)).toBeVisible();
  await expect(page.getByText(phoneNumber.text)).toBeHidden();
  await login.button(messages.login.callChange).click();
  await expect(page.getByText(masked)).toBeVisible();
  await login.button(messages.login.numberSubmit).click();
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  expect(callNumber).not.toBe('');
  await login.expectLoggedIn(phoneNumber.text);
  await login.button(messages.account.logOut).click();

  await page.getByRole('link', { name: messages.login.otherNumber }).click();
  await expect(login.field).toBeVisible();
  await login.open();
  await login.button(messages.login.forgetNumber).click();
  await expect(login.field).toBeVisible();
  expect((await page.context().cookies()).map(({ name }) => name)).not.toContain(
    'call-login-number',
  );
});
