import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { KEPT_FOLDER, screens } from './screens.ts';
import { squeeze } from './squeeze.ts';

const FOLDER = fileURLToPath(new URL('../../docs/pictures', import.meta.url));

/** A picture in a sheet, as wide and at most as high as there is room. */
interface Frame {
  screen: string;
  state: string;
}

/** Makes the sheets in `docs/pictures/` from the kept pictures: the login in three, and every state. */
export async function makeContactSheets(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: [...chromiumArguments],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 100 } });
  await makeSheet(page, 'login', { columns: 3, width: 390, height: 844 }, [
    { screen: 'phone-en-light', state: '01-number' },
    { screen: 'phone-en-light', state: '04-call' },
    { screen: 'phone-en-light', state: '08-completed' },
  ]);
  const states = (await readdir(join(KEPT_FOLDER, 'phone-ja-light'))).map((name) =>
    name.replace('.png', ''),
  );
  for (const { name, size, language } of screens.filter(({ name }) => name.endsWith('-light'))) {
    const frames = states.flatMap((state) => [
      { screen: name, state },
      { screen: name.replace('light', 'dark'), state },
    ]);
    const room =
      size === 'phone'
        ? { columns: 8, width: 260, height: 563 }
        : { columns: 4, width: 512, height: 320 };
    await makeSheet(page, `${size}-${language}`, room, frames);
  }
  await browser.close();
}

/** Pictures side by side; one that is higher than its room is cut off below. */
async function makeSheet(
  page: Page,
  name: string,
  room: { columns: number; width: number; height: number },
  frames: readonly Frame[],
): Promise<void> {
  const pictures = await Promise.all(
    frames.map(async ({ screen, state }) => {
      const png = await readFile(join(KEPT_FOLDER, screen, `${state}.png`));
      return `<img alt="" src="data:image/png;base64,${png.toString('base64')}">`;
    }),
  );
  const gap = 24;
  await page.setViewportSize({
    width: room.columns * (room.width + gap) + gap,
    height: room.height,
  });
  await page.setContent(`<style>
    body { margin: 0; padding: ${gap}px; display: grid; gap: ${gap}px; background: #8b93a1;
      grid-template-columns: repeat(${room.columns}, ${room.width}px); }
    img { width: ${room.width}px; height: ${room.height}px; object-fit: cover;
      object-position: top; border-radius: 12px; }
  </style>${pictures.join('')}`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  const png = await page.screenshot({ fullPage: true });
  await writeFile(join(FOLDER, `${name}.png`), await squeeze(png, 32));
}
