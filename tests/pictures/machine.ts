import { readFile, writeFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';
import * as z from 'zod';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';

const machineSchema = z.object({ browser: z.string(), fonts: z.array(z.string()) });

/** What pictures of the same page differ by from one machine to the next. */
export type Machine = z.infer<typeof machineSchema>;

const KEPT = new URL('kept/made-with.json', import.meta.url);

/** The browser of this machine, and the fonts it writes both languages with. */
export async function readMachine(): Promise<Machine> {
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: [...chromiumArguments],
  });
  const page = await browser.newPage();
  const css = await readFile(new URL('../../app/globals.css', import.meta.url), 'utf8');
  await page.setContent(
    `<style>${css}</style><body><p lang="ja">電話をかけてログイン</p><p lang="en">Call to log in</p>`,
  );
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('DOM.enable');
  await devtools.send('CSS.enable');
  const { root } = await devtools.send('DOM.getDocument');
  const { nodeId } = await devtools.send('DOM.querySelector', {
    nodeId: root.nodeId,
    selector: 'body',
  });
  const { fonts } = await devtools.send('CSS.getPlatformFontsForNode', { nodeId });
  const version = browser.version();
  await browser.close();
  return {
    browser: `Chromium ${version}`,
    fonts: [...new Set(fonts.map(({ familyName }) => familyName))].sort(),
  };
}

/** With what the kept pictures were made; null before there are any. */
export async function readKeptMachine(): Promise<Machine | null> {
  const text = await readFile(KEPT, 'utf8').catch(() => null);
  return text === null ? null : machineSchema.parse(JSON.parse(text));
}

export async function writeKeptMachine(machine: Machine): Promise<void> {
  await writeFile(KEPT, `${JSON.stringify(machine, null, 2)}\n`);
}
