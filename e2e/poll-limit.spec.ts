import { expect, test } from './journey.ts';

// One server for all of them.
test.describe.configure({ mode: 'default' });

// Polls are answered immediately, and only two are allowed.
test.use({
  appEnv: {
    STATUS_WAIT_SECONDS: '0',
    POLL_LIMIT: '2',
    HELP_URL: 'https://help.example/login',
    NUMBER_TYPES: 'mobile',
  },
});

test('guide: the page polls a limited number of times, and a button checks again', {
  tag: '@once',
}, async ({ login, phoneNumber, testPhone, messages, page }) => {
  const polls: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/auth/status')) {
      polls.push(request.url());
    }
  });
  const callNumber = await login.start(phoneNumber.text);
  const check = login.button(messages.login.called);
  await expect(page.getByText(messages.login.waiting.paused.text).first()).toBeVisible();
  expect(polls).toHaveLength(2);

  await check.click();
  await expect.poll(() => polls.length).toBe(4);
  await expect(page.getByText(messages.login.waiting.paused.text).first()).toBeVisible();
  await expect(login.heading(messages.login.callHeading)).toBeVisible();
  expect(polls).toHaveLength(4);

  await testPhone.call(phoneNumber.e164, callNumber);
  await check.click();
  await login.expectLoggedIn(phoneNumber.text);
  expect(polls.length).toBeLessThanOrEqual(6);
});

test('after the last poll a person can get another number to call', { tag: '@once' }, async ({
  login,
  phoneNumber,
  testPhone,
  messages,
}) => {
  const first = await login.start(phoneNumber.text);
  await login.button(messages.login.startAgain).click();
  await expect.poll(() => login.callNumber()).not.toBe(first);
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  await login.expectLoggedIn(phoneNumber.text);
});

test('the page follows the configuration: number types that may log in, and the help link', async ({
  login,
  messages,
  page,
  consoleProblems,
}) => {
  await login.open();
  const help = page.getByRole('link', { name: messages.login.help });
  await expect(help).toHaveAttribute('href', 'https://help.example/login');
  for (const [number, code] of [
    ['03-1234-5678', 'phone_number_landline_refused'],
    ['050-3123-4567', 'phone_number_ip_refused'],
  ] as const) {
    await login.enter(number);
    await expect(page.getByText(messages.errors[code])).toBeVisible();
  }
  expect(consoleProblems.splice(0)).toHaveLength(2);
});
