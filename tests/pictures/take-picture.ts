import { expect, type Page } from '@playwright/test';
import { encode } from 'uqr';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';

/** The time left that every picture with a countdown shows. */
const TIME_LEFT = { minutes: 4, seconds: 32 };

/** Writes a screenshot of the whole page to `path`, with everything that differs between runs replaced. */
export async function takePicture(page: Page, path: string, messages: LoginMessages) {
  await setCountdown(page, messages);
  await replaceQrCode(page);
  // The previous step may have left the pointer over a control, or the page scrolled.
  await page.mouse.move(0, 0);
  await page.evaluate(async () => {
    window.scrollTo(0, 0);
    await document.fonts.ready;
  });
  await page.screenshot({ path, fullPage: true, animations: 'disabled', caret: 'hide' });
}

/** Moves the browser's clock, which is stopped, to where the countdown shows `TIME_LEFT`. */
async function setCountdown(page: Page, messages: LoginMessages): Promise<void> {
  const timer = page.getByRole('timer');
  if ((await timer.count()) === 0) {
    return;
  }
  const wanted = fillIn(messages.timeLeft, TIME_LEFT);
  await expect(async () => {
    const [minutes = 0, seconds = 0] =
      ((await timer.textContent()) ?? '').match(/\d+/g)?.map(Number) ?? [];
    const secondsTooMany = (minutes - TIME_LEFT.minutes) * 60 + seconds - TIME_LEFT.seconds;
    const now = await page.evaluate(() => Date.now());
    await page.clock.setFixedTime(now + secondsTooMany * 1_000);
    await expect(timer).toHaveText(wanted, { timeout: 2_500 });
  }).toPass();
}

/** The QR code contains a random token: draws one of the same size with a constant address instead. */
async function replaceQrCode(page: Page): Promise<void> {
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
