import { devices } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { expect, test } from './journey.ts';

test('a desktop hands the call off to a phone, which gets no cookie and no session', async ({
  login,
  phoneNumber,
  testPhone,
  messages,
  page,
  browser,
  locale,
  baseURL,
  isMobile,
}) => {
  const callNumber = await login.start(phoneNumber.text);
  const code = page.getByRole('link', { name: messages.login.handoffName });
  if (isMobile) {
    await expect(code).toBeHidden();
    return;
  }
  await expect(code).toBeVisible();
  const { defaultBrowserType: _, ...iPhone } = devices['iPhone 14'];
  const phone = await browser.newContext({
    ...iPhone,
    ...(locale === undefined ? {} : { locale }),
    ...(baseURL === undefined ? {} : { baseURL }),
  });
  const onPhone = await phone.newPage();
  await onPhone.goto((await code.getAttribute('href')) ?? '');
  await expect(onPhone.getByRole('heading', { name: messages.handoff.heading })).toBeVisible();
  await expect(onPhone.getByText('Chrome · ')).toBeVisible();
  await expect(onPhone.getByText(phoneNumber.text)).toBeHidden();
  await expect(onPhone.getByRole('timer')).toHaveText(/[45]/);
  const call = onPhone.getByRole('link', { name: messages.login.callButton });
  await expect(call).toHaveAttribute('href', `tel:${callNumber}`);
  await expectAccessible(onPhone);

  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await onPhone.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  const callReceived = onPhone.getByRole('heading', { name: messages.handoff.verifiedHeading });
  await expect(callReceived).toBeVisible();
  expect(await phone.cookies()).toEqual([]);
  await onPhone.goto('/account');
  await expect(onPhone).toHaveURL('/login');
  await phone.close();
});
