import type { Page } from '@playwright/test';
import { expect, test } from './journey.ts';

declare global {
  interface Window {
    /** Everything the live region has announced, in order. */
    announced: string[];
  }
}

/**
 * What a screen reader gets: the accessibility tree of each step in reading order, the
 * announcements on the way there, and the focus. Stored in `e2e/transcripts/` for review; update
 * with `npx playwright test transcript --update-snapshots`.
 */
test('the login matches its screen reader transcript', async ({
  login,
  phoneNumber,
  vendor,
  testPhone,
  messages,
  page,
  locale,
  consoleProblems,
}) => {
  await page.addInitScript(() => {
    window.announced = [];
    let last = '';
    new MutationObserver(() => {
      const text = document.querySelector('main [role=status]')?.textContent ?? '';
      if (text !== '' && text !== last) {
        window.announced.push(text);
      }
      last = text;
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  const transcript: string[] = [];
  const record = async (step: string) => {
    transcript.push(`# ${step}`, ...(await read(page)), '');
  };

  await login.open();
  // The browser adds it.
  await expect(login.button(messages.passkeys.use)).toBeVisible();
  await record('The number');
  await login.enter('0120-123-456');
  await expect(login.field).toBeFocused();
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await record('An unusable number');
  await login.enter(phoneNumber.text);
  await login.callNumber();
  await expect(page.getByRole('status')).toHaveText(messages.login.waiting.pending.text);
  await record('The call');
  await login.button(messages.login.called).click();
  await expect(page.getByRole('status')).toHaveText(messages.login.troubleshooting.spoken);
  await record('Troubleshooting');
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.returnToPage();
  await expect(login.heading(messages.login.expiredHeading)).toBeFocused();
  await record('Expired');
  await login.button(messages.login.startAgain).click();
  // The completed step is shown briefly: a 204 keeps the browser on it.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  await expect(login.heading(messages.login.completedHeading)).toBeFocused();
  await record('Completed');

  expect(transcript.join('\n')).toMatchSnapshot(`${locale}.txt`);
  consoleProblems.splice(0);
});

/** The transcript of the current step, with run-specific values replaced. */
async function read(page: Page): Promise<string[]> {
  const tree = await page.locator('main').ariaSnapshot();
  const { announced, focus } = await page.evaluate(() => ({
    announced: window.announced.splice(0),
    focus:
      document.activeElement instanceof HTMLInputElement
        ? document.activeElement.labels?.[0]?.textContent
        : document.activeElement?.textContent,
  }));
  const lines = tree
    .split('\n')
    // Omits the list of countries and link targets.
    .filter((line) => !/^\s*- (?:option |\/url:)/.test(line));
  return [
    ...announced.map((text) => `(announced) ${text}`),
    // Without a focused element, the body is the active one: its text is long.
    ...(focus && focus.length < 80 ? [`(focus) ${focus}`] : []),
    ...lines,
  ].map((line) =>
    line
      // Word joiners only affect line breaks.
      .replaceAll('\u2060', '')
      .replace(/0[59]0-\d{4}-\d{4}(?!\d)/g, (number) =>
        number.startsWith('050') ? '050-0000-0000' : '090-0000-0000',
      )
      .replace(/\d+(分|:)\d\d(?=秒| left)/, '5$100'),
  );
}
