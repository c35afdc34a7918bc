import { defineConfig, devices } from '@playwright/test';
import { chromiumArguments, findHeadlessShell } from '#tests/support/chromium.ts';

const executablePath = findHeadlessShell();
const desktop = {
  ...devices['Desktop Chrome'],
  viewport: { width: 1280, height: 800 },
};
const phone = { ...devices['iPhone 14'], defaultBrowserType: 'chromium' as const };

// The same in every language and on every screen: what an attacker does, how the browser stores and repeats, and the
// tests with the tag, which are about the server, the vendor, and when the page asks.
const sameEverywhere = /(?:attacks|back-forward-cache|expired-408)/;
const once = /@once/;
const shown = /(?:layout|login|account|handoff)\.spec/;

export default defineConfig({
  outputDir: '../test-results',
  snapshotPathTemplate: '{testDir}/transcripts/{arg}{ext}',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  // Room for a busy machine: what is waited for comes at once or not at all.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  workers: 3,
  reporter: [['list']],
  use: {
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      args: [...chromiumArguments],
    },
    // What the test did, the requests and the console. Snapshots of every step took a tenth of the time:
    // `npx playwright test --config e2e --trace on` takes them.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    screenshot: 'only-on-failure',
    // Painting what moves is work that no journey looks at.
    contextOptions: { reducedMotion: 'reduce' },
  },
  projects: [
    { name: 'desktop, Japanese', use: { ...desktop, locale: 'ja-JP' } },
    {
      name: 'phone, English',
      use: { ...phone, locale: 'en-US' },
      testIgnore: sameEverywhere,
      grepInvert: once,
    },
    // What a person sees has now been seen in both languages and on both screens. From the number to the account
    // it is tried where each language meets each screen.
    {
      name: 'phone, Japanese',
      use: { ...phone, locale: 'ja-JP' },
      testMatch: shown,
      grepInvert: once,
    },
    {
      name: 'desktop, English',
      use: { ...desktop, locale: 'en-US' },
      testMatch: shown,
      grepInvert: once,
    },
  ],
});
