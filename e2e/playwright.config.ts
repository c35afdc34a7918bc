import { defineConfig, devices } from '@playwright/test';
import { chromiumArguments, findHeadlessShell } from '#tests/support/chromium.ts';

const executablePath = findHeadlessShell();
const desktop = {
  ...devices['Desktop Chrome'],
  viewport: { width: 1280, height: 800 },
};
const phone = { ...devices['iPhone 14'], defaultBrowserType: 'chromium' as const };

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
    trace: 'retain-on-failure',
    // Painting what moves is work that no journey looks at.
    contextOptions: { reducedMotion: 'reduce' },
  },
  projects: [
    { name: 'desktop, Japanese', use: { ...desktop, locale: 'ja-JP' } },
    // What an attacker does is the same in every language and on every screen.
    { name: 'phone, English', use: { ...phone, locale: 'en-US' }, testIgnore: /attacks/ },
    // Each journey has now been made in both languages and on both screens. What a person sees from the
    // number to the account is tried where each language meets each screen.
    { name: 'phone, Japanese', use: { ...phone, locale: 'ja-JP' }, testMatch: shown },
    { name: 'desktop, English', use: { ...desktop, locale: 'en-US' }, testMatch: shown },
  ],
});
