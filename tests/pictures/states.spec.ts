/** Takes the pictures of a build. `main.ts` runs it and sets `PICTURES_BUILD` and `PICTURES_FOLDER`. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test as journey } from '#e2e/journey.ts';
import { expectedConsoleMessages, tours } from '#e2e/states.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { CLOCK_STARTS_AT } from './clock-start.ts';
import { takePicture } from './take-picture.ts';

const { PICTURES_BUILD: build = '.', PICTURES_FOLDER: folder = 'tests/pictures/taken' } =
  process.env;

/** The network that the account page shows. */
const NETWORK = '203.0.113.7';

/** One for each tour; the pages show them. */
const phoneNumbers = [
  '+819012345678',
  '+819023456789',
  '+819034567890',
  '+819045678901',
  '+819056789012',
  '+819056789015',
];

const test = journey.extend({
  app: [
    async ({ sandbox, appEnv }, use) => {
      const app = await startAppServer(sandbox.url, appEnv, { folder: build });
      await use(app);
      await app.stop();
    },
    { scope: 'worker' },
  ],
  // Another version is searched for its own texts, so that a reworded button is found and compared.
  messages: async ({ messages, locale }, use) => {
    const language = locale?.slice(0, 2) ?? 'ja';
    const path = resolve(build, `lib/shared/messages/${language}.ts`);
    const texts: Record<string, unknown> = existsSync(path) ? await import(path) : {};
    await use(withTexts(messages, texts[language]));
  },
  extraHTTPHeaders: { 'x-forwarded-for': NETWORK },
  page: async ({ page }, use) => {
    await page.clock.setFixedTime(CLOCK_STARTS_AT);
    await use(page);
  },
  consoleProblems: async ({}, use) => {
    const problems: string[] = [];
    await use(problems);
    expect(problems.filter((problem) => !expectedConsoleMessages.test(problem))).toEqual([]);
  },
});

for (const [index, { title, go }] of tours.entries()) {
  test(
    title,
    async ({ page, app, appEnv, sandbox, vendor, testPhone, login, messages }, { project }) => {
      const phoneNumber = { e164: phoneNumbers[index] ?? '' };
      await go(
        { page, app, appEnv, build, sandbox, vendor, testPhone, login, messages, phoneNumber },
        async (state, shown) =>
          await takePicture(shown, join(folder, project.name, `${state}.png`), messages.login),
      );
    },
  );
}

/** Returns `texts` with each text replaced by the one that `others` has under the same key, if any. */
function withTexts<Texts>(texts: Texts, others: unknown): Texts {
  if (typeof texts !== 'object' || texts === null) {
    return typeof others === typeof texts ? (others as Texts) : texts;
  }
  const own = new Map<string, unknown>(Object.entries(others ?? {}));
  const entries = Object.entries(texts).map(([key, text]) => [key, withTexts(text, own.get(key))]);
  return Object.fromEntries(entries) as Texts;
}
