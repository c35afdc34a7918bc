/**
 * `npm run pictures`: every step of the login, phone and desktop, Japanese and English, light and
 * dark, as PNG files in `test-results/pictures/`, to be looked at.
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

const FOLDER = 'test-results/pictures';

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

let taken = 0;
for (const [size, screen] of Object.entries(sizes)) {
  for (const [language, { locale, messages }] of Object.entries(languages)) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({
        ...screen,
        locale,
        colorScheme,
        extraHTTPHeaders: { 'x-forwarded-for': randomNetwork() },
      });
      const page = await context.newPage();
      await takeJourney(page, messages, async (step) => {
        const path = `${FOLDER}/${step}-${size}-${language}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: true });
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
  picture: (step: string) => Promise<void>,
): Promise<void> {
  const digits = String(1000 + taken);
  const phoneNumber = `+81901234${digits}`;
  const tooLate = `+81901235${digits}`;
  const fewPolled = `+81901236${digits}`;
  const { login, account, site, errors } = messages;
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
  const press = (name: string) => page.getByRole('button', { name }).click();
  const enter = async (text: string) => {
    await page.getByLabel(login.numberLabel, { exact: true }).fill(text);
    await press(login.numberSubmit);
  };

  await page.goto(`${app.origin}/login`);
  await page.getByRole('button', { name: login.numberSubmit, disabled: false }).waitFor();
  await picture('1-number');
  await enter('090-1234');
  await page.getByText(errors.phone_number_too_short).waitFor();
  await picture('2-number-problem');
  await enter(tooLate);
  await heading(login.callHeading);
  await picture('3-call');
  await vendor.addFault({ match: 'check', kind: 'reset', phone_number: tooLate });
  await page.getByText(login.vendorTrouble).first().waitFor();
  await picture('4-call-trouble');
  await vendor.clearFaults(tooLate);
  await vendor.advanceClock(301, tooLate);
  await heading(login.expiredHeading);
  await picture('5-expired');
  await page.goto(`${app.origin}/login`);
  await enter(phoneNumber);
  await heading(login.callHeading);
  const [session] = await vendor.sessions(phoneNumber);
  await vendor.call(phoneNumber, session?.call_number ?? '');
  await heading(account.heading);
  await picture('6-account');
  await logInElsewhere(phoneNumber);
  await page.reload();
  await page.getByText(account.newDeviceHeading).waitFor();
  await page.getByRole('button', { name: account.endElsewhere, disabled: false }).waitFor();
  await picture('6-account-new-device');
  await page.getByRole('button', { name: account.endThere }).last().click();
  await page.getByText(account.events.session_ended).waitFor();
  await picture('6-account-ended');

  await page.goto(`${fewPolls.origin}/login`);
  await enter(fewPolled);
  await page.getByText(login.pausedHeading).first().waitFor();
  await picture('7-call-paused');
  await page.goto(`${app.origin}/nowhere`);
  await heading(site.notFoundHeading);
  await picture('8-not-found');
}

async function logInElsewhere(phoneNumber: string): Promise<void> {
  const visitor = new Visitor(app.origin);
  visitor.userAgent = userAgents.firefoxOnAndroid;
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, attempt.call_number);
  await visitor.status();
}
