import type { Page } from '@playwright/test';
import { expect, test } from './journey.ts';

declare global {
  interface Window {
    /** Everything the live region has said, in order. */
    said: string[];
  }
}

/**
 * What a screen reader has to go by: the accessibility tree of each step in reading order, what was
 * announced on the way there, and where the focus is. Kept in `e2e/transcripts/`, to be read; made
 * anew with `npx playwright test transcript --update-snapshots`.
 */
test('the journey as a screen reader tells it', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  locale,
  consoleProblems,
}) => {
  await page.addInitScript(() => {
    window.said = [];
    let last = '';
    new MutationObserver(() => {
      const text = document.querySelector('main [role=status]')?.textContent ?? '';
      if (text !== '' && text !== last) {
        window.said.push(text);
      }
      last = text;
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  const transcript: string[] = [];
  const tell = async (step: string) => {
    transcript.push(`# ${step}`, ...(await read(page)), '');
  };

  await login.open();
  await tell('The number');
  await login.enter('0120-123-456');
  await expect(login.field).toBeFocused();
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await tell('A number that will not do');
  await login.enter(phoneNumber.text);
  await login.callNumber();
  await expect(page.getByRole('status')).toHaveText(messages.login.waiting.yet.text);
  await tell('The call');
  await login.button(messages.login.called).click();
  await expect(page.getByRole('status')).toHaveText(messages.login.ladder.spoken);
  await tell('It does not work');
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.comeBack();
  await expect(login.heading(messages.login.expiredHeading)).toBeFocused();
  await tell('Time is up');
  await login.button(messages.login.startAgain).click();
  // The moment of success is short: "no content" keeps the browser where it is.
  await page.route('**/account', (route) => route.fulfill({ status: 204 }));
  await vendor.call(phoneNumber.e164, await login.callNumber());
  await expect(login.heading(messages.login.verifiedHeading)).toBeFocused();
  await tell('In');

  expect(transcript.join('\n')).toMatchSnapshot(`${locale}.txt`);
  consoleProblems.splice(0);
});

/** One step, without what differs from run to run. */
async function read(page: Page): Promise<string[]> {
  const tree = await page.locator('main').ariaSnapshot();
  const { said, focus } = await page.evaluate(() => ({
    said: window.said.splice(0),
    focus:
      document.activeElement instanceof HTMLInputElement
        ? document.activeElement.labels?.[0]?.textContent
        : document.activeElement?.textContent,
  }));
  const lines = tree
    .split('\n')
    // The list of countries, and where links lead.
    .filter((line) => !/^\s*- (?:option |\/url:)/.test(line));
  return [
    ...said.map((text) => `(said) ${text}`),
    // Nothing has it while the body does.
    ...(focus && focus.length < 80 ? [`(focus) ${focus}`] : []),
    ...lines,
  ].map((line) =>
    line
      // Joins what stands on one line, and is not heard.
      .replaceAll('\u2060', '')
      .replace(/0[59]0-\d{4}-\d{4}(?!\d)/g, (number) =>
        number.startsWith('050') ? '050-0000-0000' : '090-0000-0000',
      )
      .replace(/\d+(分|\s?min )\d\d/, '5$100'),
  );
}
