import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { DIFFERENCES_FOLDER, KEPT_FOLDER, screens } from './screens.ts';

const executablePath = findChromium();

export default defineConfig<object, { appEnv: Readonly<Record<string, string>> }>({
  testDir: '.',
  outputDir: DIFFERENCES_FOLDER,
  snapshotPathTemplate: `${KEPT_FOLDER}/{projectName}/{arg}{ext}`,
  // Only `--update` writes.
  updateSnapshots: 'none',
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 15_000, toMatchSnapshot: { threshold: 0.02, maxDiffPixels: 0 } },
  workers: 2,
  reporter: [['list']],
  use: {
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      args: [...chromiumArguments, '--font-render-hinting=none'],
    },
    timezoneId: 'Asia/Tokyo',
    // Nothing half-way through a motion.
    contextOptions: { reducedMotion: 'reduce' },
    appEnv: {
      NODE_OPTIONS: `--import=${fileURLToPath(new URL('clock.ts', import.meta.url))}`,
      // Room for a busy machine.
      PAUTH_TIMEOUT_MS: '10000',
    },
  },
  projects: screens.map(({ name, use }) => ({ name, use })),
});
