import { expect, test } from './journey.ts';

test.describe('with JavaScript off', () => {
  test.use({ javaScriptEnabled: false });

  test('the whole login works with forms alone', async ({
    login,
    phoneNumber,
    testPhone,
    messages,
    page,
  }) => {
    await page.goto('/login?next=/account%3Ftab=1');
    await login.enter('090-12');
    await expect(page.getByText(messages.errors.phone_number_too_short)).toBeVisible();
    await expect(login.field).toHaveValue('090-12');
    await login.enter(phoneNumber.text);
    const callNumber = await login.callNumber();
    await expect(page.getByText(messages.login.waiting.pending.hint)).toBeVisible();
    await testPhone.call(phoneNumber.e164, callNumber);
    await login.button(messages.login.called).click();
    await expect(page).toHaveURL('/account?tab=1');
    await expect(login.heading(messages.account.heading)).toBeVisible();
  });
});

test('text typed before hydration is kept, and a press before hydration works', async ({
  login,
  phoneNumber,
  testPhone,
  page,
  consoleProblems,
}) => {
  const releases: (() => void)[] = [];
  await page.route('**/_next/static/**/*.js', async (route) => {
    await new Promise<void>((resolve) => releases.push(resolve));
    await route.continue().catch(() => {});
  });
  await page.goto('/login', { waitUntil: 'commit' });
  await login.field.pressSequentially(phoneNumber.text.slice(0, 6));
  await page.unroute('**/_next/static/**/*.js');
  for (const release of releases.splice(0)) {
    release();
  }
  await page.waitForFunction(() =>
    Object.keys(document.querySelector('form[action="/login/start"]') ?? {}).some((key) =>
      key.startsWith('__reactProps'),
    ),
  );
  await expect(login.field).toHaveValue(phoneNumber.text.slice(0, 6));

  await page.route('**/_next/static/**/*.js', (route) => route.abort());
  await page.goto('/login', { waitUntil: 'commit' });
  await login.enter(phoneNumber.text);
  const callNumber = await login.callNumber();
  await page.unroute('**/_next/static/**/*.js');
  await page.reload();
  await testPhone.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  consoleProblems.splice(0);
});
