import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { screens } from './screens.ts';

const executablePath = findChromium();

export default defineConfig<object, { appEnv: Readonly<Record<string, string>> }>({
  testDir: '.',
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  workers: 2,
  reporter: [['list']],
  use: {
    // An older version may lack what a step clicks on.
    actionTimeout: 15_000,
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      args: [...chromiumArguments, '--font-render-hinting=none'],
    },
    timezoneId: 'Asia/Tokyo',
    contextOptions: { reducedMotion: 'reduce' },
    appEnv: {
      NODE_OPTIONS: `--import=${fileURLToPath(new URL('clock.ts', import.meta.url))}`,
      // The default is too short for a busy machine.
      PAUTH_TIMEOUT_MS: '10000',
    },
  },
  projects: screens.map(({ name, use }) => ({ name, use })),
});
