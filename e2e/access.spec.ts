import type { Page } from '@playwright/test';
import { expectAccessibleInBothThemes } from './accessible.ts';
import { expect, test as journey } from './journey.ts';
import { expectedConsoleMessages, tours } from './states.ts';

const test = journey.extend({
  consoleProblems: async ({}, use) => {
    const problems: string[] = [];
    await use(problems);
    expect(problems.filter((problem) => !expectedConsoleMessages.test(problem))).toEqual([]);
  },
});

for (const { title, go } of tours) {
  test(`every state is accessible in light and dark: ${title}`, async ({
    page,
    app,
    appEnv,
    sandbox,
    vendor,
    testPhone,
    login,
    messages,
    phoneNumber,
  }) => {
    test.setTimeout(180_000);
    const fixtures = {
      page,
      app,
      appEnv,
      sandbox,
      vendor,
      testPhone,
      login,
      messages,
      phoneNumber,
    };
    await go(fixtures, async (state, shown) => await expectAccessibleInBothThemes(shown, state));
  });
}

test.describe('with JavaScript off', () => {
  test.use({ javaScriptEnabled: false });

  test('every state is accessible in light and dark', async ({
    login,
    phoneNumber,
    testPhone,
    messages,
    page,
    browser,
    app,
  }) => {
    test.setTimeout(180_000);
    const contextWithScripts = await browser.newContext({ javaScriptEnabled: true });
    const copy = await contextWithScripts.newPage();
    const check = async (state: string) => {
      await copyTo(copy, page, `${app.origin}/`);
      await expectAccessibleInBothThemes(copy, state);
    };
    await login.open();
    await check('the number');
    await login.enter('0120-123-456');
    await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
    await check('an unusable number');
    await login.enter(phoneNumber.text);
    const callNumber = await login.callNumber();
    await check('the call');
    await login.button(messages.login.called).click();
    await expect(page.getByText(messages.login.troubleshooting.intro)).toBeVisible();
    await check('the troubleshooting steps');
    await testPhone.call(phoneNumber.e164, callNumber);
    await login.button(messages.login.called).click();
    await login.expectLoggedIn(phoneNumber.text);
    await check('the account');
    await contextWithScripts.close();
  });
});

/** axe needs scripts: copies the HTML of a page without scripts to one with, at the same origin. */
async function copyTo(copy: Page, page: Page, origin: string): Promise<void> {
  const body = (await page.content())
    .replaceAll(/<script\b.*?<\/script>/gs, '')
    // A browser with scripts would ignore the contents of <noscript>.
    .replaceAll(/<(\/?)noscript/g, '<$1div');
  await copy.route(origin, (route) => route.fulfill({ body, contentType: 'text/html' }));
  await copy.goto(origin);
  await expect(copy.getByRole('heading', { level: 1 })).toBeVisible();
  await copy.unrouteAll();
}
