import type { Page } from '@playwright/test';
import { expectAccessibleInBothThemes } from './accessible.ts';
import { expect, test as journey } from './journey.ts';
import { notedOnTours, tours } from './states.ts';

const test = journey.extend({
  consoleProblems: async ({}, use) => {
    const problems: string[] = [];
    await use(problems);
    expect(problems.filter((problem) => !notedOnTours.test(problem))).toEqual([]);
  },
});

for (const { title, go } of tours) {
  test(`every state is accessible in light and dark: ${title}`, async ({
    page,
    app,
    appEnv,
    sandbox,
    vendor,
    login,
    messages,
    phoneNumber,
  }) => {
    test.setTimeout(180_000);
    const parts = { page, app, appEnv, sandbox, vendor, login, messages, phoneNumber };
    await go(parts, async (state, shown) => await expectAccessibleInBothThemes(shown, state));
  });
}

test.describe('with JavaScript off', () => {
  test.use({ javaScriptEnabled: false });

  test('every state is accessible in light and dark', async ({
    login,
    phoneNumber,
    vendor,
    messages,
    page,
    browser,
    app,
  }) => {
    test.setTimeout(180_000);
    const scripted = await browser.newContext({ javaScriptEnabled: true });
    const reader = await scripted.newPage();
    const look = async (state: string) => {
      await copyTo(reader, page, `${app.origin}/`);
      await expectAccessibleInBothThemes(reader, state);
    };
    await login.open();
    await look('the number');
    await login.enter('0120-123-456');
    await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
    await look('a number that will not do');
    await login.enter(phoneNumber.text);
    const callNumber = await login.callNumber();
    await look('the call');
    await login.button(messages.login.called).click();
    await expect(page.getByText(messages.login.ladder.intro)).toBeVisible();
    await look('the ladder');
    await vendor.call(phoneNumber.e164, callNumber);
    await login.button(messages.login.called).click();
    await login.expectLoggedIn(phoneNumber.text);
    await look('the account');
    await scripted.close();
  });
});

/** axe needs scripts: it looks at what a page without any shows, in a page of the same address. */
async function copyTo(reader: Page, page: Page, origin: string): Promise<void> {
  const body = (await page.content())
    .replaceAll(/<script\b.*?<\/script>/gs, '')
    // What is in it is there only without scripts.
    .replaceAll(/<(\/?)noscript/g, '<$1div');
  await reader.route(origin, (route) => route.fulfill({ body, contentType: 'text/html' }));
  await reader.goto(origin);
  await expect(reader.getByRole('heading', { level: 1 })).toBeVisible();
  await reader.unrouteAll();
}
