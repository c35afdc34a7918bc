import { expect, test as journey } from '#e2e/journey.ts';
import { expectedConsoleMessages, tours } from '#e2e/states.ts';
import { takePicture } from './camera.ts';
import { FIRST_NOW } from './first-now.ts';

/** The network that the pages show. */
const HERE = '203.0.113.7';

/** The numbers that they show, one for each tour. */
const digits = ['12345678', '23456789', '34567890', '45678901', '56789012'];

const test = journey.extend({
  extraHTTPHeaders: { 'x-forwarded-for': HERE },
  page: async ({ page }, use) => {
    await page.clock.setFixedTime(FIRST_NOW);
    await use(page);
  },
  consoleProblems: async ({}, use) => {
    const problems: string[] = [];
    await use(problems);
    expect(problems.filter((problem) => !expectedConsoleMessages.test(problem))).toEqual([]);
  },
});

for (const [index, { title, go }] of tours.entries()) {
  test(title, async ({ page, app, appEnv, sandbox, vendor, login, messages }) => {
    const phoneNumber = { e164: `+8190${digits[index]}` };
    const parts = { page, app, appEnv, sandbox, vendor, login, messages, phoneNumber };
    await go(parts, async (state, shown) => await takePicture(shown, state, messages.login));
  });
}
