import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

const systemPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The path of a working Chromium: the system's, else the one that Playwright downloaded; else null. */
export function findChromium(): string | null {
  return findWorking([...systemPaths, chromium.executablePath()]);
}

/** Chromium without the interface of a browser, which takes less CPU; where the system has none, Chromium. */
export function findHeadlessShell(): string | null {
  return findWorking(['/usr/bin/chromium-headless-shell']) ?? findChromium();
}

function findWorking(paths: readonly string[]): string | null {
  return paths.find((path) => existsSync(path) && runs(path)) ?? null;
}

/** Some systems have a stub that only explains how to install it, or lack its libraries. */
function runs(path: string): boolean {
  return spawnSync(path, ['--version', '--no-sandbox'], { timeout: 20_000 }).status === 0;
}

/** Keeps Chromium from sending requests outside this machine. */
export const chromiumArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
