import { expect, type Page } from '@playwright/test';
import { encode } from 'uqr';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import { squeeze } from './squeeze.ts';

/** What every page shows as the time left, where it shows one. */
const LEFT = { minutes: 4, seconds: 32 };

/**
 * Takes a picture of the whole page and compares it with the kept one. A difference fails the test
 * when it is over, so that the other states are looked at too.
 */
export async function takePicture(page: Page, state: string, messages: LoginMessages) {
  await holdTimeLeft(page, messages);
  await holdQr(page);
  // What the pointer hovered and where the page was scrolled to is of the step before.
  await page.mouse.move(0, 0);
  await page.evaluate(async () => {
    window.scrollTo(0, 0);
    await document.fonts.ready;
  });
  const png = await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide' });
  expect.soft(await squeeze(png)).toMatchSnapshot(`${state}.png`);
}

/** The browser's clock stands still; moves it to where the page has `LEFT` to go. */
async function holdTimeLeft(page: Page, messages: LoginMessages): Promise<void> {
  const timer = page.getByRole('timer');
  if ((await timer.count()) === 0) {
    return;
  }
  const wanted = fillIn(messages.timeLeft, LEFT);
  await expect(async () => {
    const [minutes = 0, seconds = 0] =
      ((await timer.textContent()) ?? '').match(/\d+/g)?.map(Number) ?? [];
    const tooMuch = (minutes - LEFT.minutes) * 60 + seconds - LEFT.seconds;
    const now = await page.evaluate(() => Date.now());
    await page.clock.setFixedTime(now + tooMuch * 1_000);
    await expect(timer).toHaveText(wanted, { timeout: 2_500 });
  }).toPass();
}

/** The code leads somewhere else each time; shows one of the same size in its place. */
async function holdQr(page: Page): Promise<void> {
  const code = page.locator('svg[role="img"] path');
  if ((await code.count()) === 0) {
    return;
  }
  const { data } = encode(
    'https://login.example.com/call/nGv3mJ0gZ1h8Qw5rTy7uI9oP2aS4dF6gH8jK0lZ',
    {
      ecc: 'M',
      border: 4,
    },
  );
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  await code.evaluate(
    (element, { path, size }) => {
      element.setAttribute('d', path);
      element.closest('svg')?.setAttribute('viewBox', `0 0 ${size} ${size}`);
    },
    { path, size: data.length },
  );
}
