/**
 * `npm run pictures`: every state of the pages, phone and desktop, Japanese and English, light and
 * dark, as PNG files in `pictures/`, to be looked at. With words after `--` only those
 * that they name: `npm run pictures -- phone ja dark`.
 */
import { mkdir } from 'node:fs/promises';
import { type BrowserContextOptions, chromium, type Page } from '@playwright/test';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';
import { ControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#testing/app-server.ts';
import { chromiumArguments, findChromium } from '#testing/chromium.ts';
import { randomNetwork, userAgents, Visitor } from '#testing/visitor.ts';

const FOLDER = 'pictures';

const sizes = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
} satisfies Record<string, BrowserContextOptions>;
const languages = { ja: { locale: 'ja-JP', messages: ja }, en: { locale: 'en-US', messages: en } };
const themes = ['light', 'dark'] as const;

await mkdir(FOLDER, { recursive: true });
const sandbox = await startSandbox();
const vendor = new ControlClient(sandbox.url);
const app = await startAppServer(sandbox.url, { PAUTH_TIMEOUT_MS: '1000' });
const fewPolls = await startAppServer(sandbox.url, { STATUS_WAIT_SECONDS: '0', POLL_LIMIT: '1' });
const executablePath = findChromium();
const browser = await chromium.launch({
  ...(executablePath === null ? {} : { executablePath }),
  args: [...chromiumArguments],
});

const wanted = process.argv.slice(2);
const isWanted = (word: string, all: readonly string[]) =>
  wanted.includes(word) || !all.some((other) => wanted.includes(other));

let taken = 0;
let journeys = 0;
for (const [size, screen] of Object.entries(sizes)) {
  for (const [language, { locale, messages }] of Object.entries(languages)) {
    for (const colorScheme of themes) {
      if (
        !isWanted(size, Object.keys(sizes)) ||
        !isWanted(language, Object.keys(languages)) ||
        !isWanted(colorScheme, themes)
      ) {
        continue;
      }
      const context = await browser.newContext({
        ...screen,
        locale,
        colorScheme,
        // Nothing half-way through a motion.
        reducedMotion: 'reduce',
        extraHTTPHeaders: { 'x-forwarded-for': randomNetwork() },
      });
      const page = await context.newPage();
      await takeJourney(page, messages, async (step, shown = page) => {
        const path = `${FOLDER}/${step}-${size}-${language}-${colorScheme}.png`;
        await shown.screenshot({ path, fullPage: true });
        taken += 1;
      });
      await context.close();
    }
  }
}
await browser.close();
await Promise.all([app.stop(), fewPolls.stop(), sandbox.close()]);
console.log(`${taken} pictures in ${FOLDER}/`);

async function takeJourney(
  page: Page,
  messages: Messages,
  picture: (step: string, shown?: Page) => Promise<void>,
): Promise<void> {
  journeys += 1;
  const digits = String(1000 + journeys);
  const phoneNumber = `+81901234${digits}`;
  const tooLate = `+81901235${digits}`;
  const fewPolled = `+81901236${digits}`;
  const { login, account, site, errors, handoff } = messages;
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
  const press = (name: string) => page.getByRole('button', { name }).click();
  const enter = async (text: string) => {
    await page.getByLabel(login.numberLabel, { exact: true }).fill(text);
    await press(login.numberSubmit);
  };

  await page.goto(`${app.origin}/login`);
  await page.getByRole('button', { name: login.numberSubmit }).waitFor();
  await picture('01-number');
  await page.getByText(login.otherCountry).click();
  await picture('02-number-country');
  await page.getByText(login.otherCountry).click();
  await enter('0120-123-456');
  await page.getByText(errors.phone_number_toll_free).waitFor();
  await picture('03-number-problem');
  await enter(tooLate);
  await heading(login.callHeading);
  await picture('04-call');
  await press(login.called);
  await page.getByRole('heading', { name: login.ladder.heading }).waitFor();
  await picture('05-call-ladder');
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: tooLate });
  await page.getByText(login.vendorTrouble).first().waitFor();
  await picture('06-call-trouble');
  await vendor.clearFaults(tooLate);
  await vendor.advanceClock(301, tooLate);
  await heading(login.expiredHeading);
  await picture('07-expired');

  await page.goto(`${app.origin}/login`);
  await page.getByLabel(login.remember).check();
  await enter(phoneNumber);
  await heading(login.callHeading);
  const address = await page.locator('a[href*="/call/"]').getAttribute('href');
  const onPhone = await page.context().newPage();
  await onPhone.goto(address ?? '');
  await picture('15-handoff', onPhone);
  const [session] = await vendor.sessions(phoneNumber);
  await vendor.call(phoneNumber, session?.call_number ?? '');
  await heading(login.verifiedHeading);
  await picture('08-verified');
  await heading(account.heading);
  await onPhone.reload();
  await onPhone.getByRole('heading', { name: handoff.verifiedHeading }).waitFor();
  await picture('16-handoff-verified', onPhone);
  await onPhone.close();
  await picture('09-account');
  await logInElsewhere(phoneNumber);
  await page.reload();
  await page.getByText(account.newDeviceHeading).waitFor();
  await page.getByRole('button', { name: account.endElsewhere, disabled: false }).waitFor();
  await picture('10-account-new-device');
  await page.getByRole('button', { name: account.endThere }).last().click();
  await page.getByText(account.events.session_ended).waitFor();
  await picture('11-account-ended');
  await page.getByRole('button', { name: account.logOut }).click();
  await page.getByText(login.rememberedLabel).waitFor();
  await picture('12-remembered');

  await page.goto(`${fewPolls.origin}/login?other=1`);
  await enter(fewPolled);
  await page.getByText(login.paused).first().waitFor();
  await picture('13-call-paused');
  await page.goto(`${app.origin}/nowhere`);
  await heading(site.notFoundHeading);
  await picture('14-not-found');
}

async function logInElsewhere(phoneNumber: string): Promise<void> {
  const visitor = new Visitor(app.origin);
  visitor.userAgent = userAgents.firefoxOnAndroid;
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, attempt.call_number);
  await visitor.status();
}
