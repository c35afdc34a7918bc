import { readdir, readFile, writeFile } from 'node:fs/promises';
import { chromium, type Page } from '@playwright/test';
import sharp from 'sharp';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { screens } from './screens.ts';

/** The size of each picture in a sheet, in pixels, and how many stand side by side. */
interface Grid {
  columns: number;
  width: number;
  height: number;
}

/**
 * Writes `login.png` with the three steps of a login, and `<size>-<language>.png` with every state in light
 * and dark.
 *
 * @param pictures has a folder for each screen with a PNG for each state.
 * @param sheets the folder to write to.
 */
export async function makeContactSheets(pictures: string, sheets: string): Promise<void> {
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: [...chromiumArguments],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 100 } });
  const steps = ['01-number', '04-call', '08-completed'];
  await makeSheet(
    page,
    `${sheets}/login.png`,
    { columns: 3, width: 390, height: 844 },
    steps.map((state) => `${pictures}/phone-en-light/${state}.png`),
  );
  for (const { name, size, language } of screens.filter(({ name }) => name.endsWith('-light'))) {
    const files = (await readdir(`${pictures}/${name}`)).sort();
    await makeSheet(
      page,
      `${sheets}/${size}-${language}.png`,
      size === 'phone'
        ? { columns: 8, width: 260, height: 563 }
        : { columns: 4, width: 512, height: 320 },
      files.flatMap((file) => [
        `${pictures}/${name}/${file}`,
        `${pictures}/${name.replace('light', 'dark')}/${file}`,
      ]),
    );
  }
  await browser.close();
}

/** Pictures that are too high for the grid are cut off at the bottom. */
async function makeSheet(
  page: Page,
  path: string,
  { columns, width, height }: Grid,
  pictures: readonly string[],
): Promise<void> {
  const images = await Promise.all(
    pictures.map(async (picture) => {
      const png = await readFile(picture, 'base64');
      return `<img alt="" src="data:image/png;base64,${png}">`;
    }),
  );
  const gap = 24;
  await page.setViewportSize({ width: columns * (width + gap) + gap, height });
  await page.setContent(`<style>
    body { margin: 0; padding: ${gap}px; display: grid; gap: ${gap}px; background: #8b93a1;
      grid-template-columns: repeat(${columns}, ${width}px); }
    img { width: ${width}px; height: ${height}px; object-fit: cover;
      object-position: top; border-radius: 12px; }
  </style>${images.join('')}`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  const png = await page.screenshot({ fullPage: true });
  // The pages have few colors: a palette without dithering keeps the files small.
  const small = sharp(png)
    .removeAlpha()
    .png({ palette: true, colours: 32, dither: 0, effort: 7, compressionLevel: 9 });
  await writeFile(path, await small.toBuffer());
}
