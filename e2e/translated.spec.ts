import type { Page } from '@playwright/test';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';
import { expect, LoginPage, test } from './journey.ts';

/** Puts every text into elements of its own in place of what React knows, as browsers translate a page. */
async function translate(page: Page): Promise<void> {
  // Before, the texts are the server's.
  await page.waitForFunction(() =>
    Object.keys(document.querySelector('header form') ?? {}).some((key) =>
      key.startsWith('__react'),
    ),
  );
  await page.evaluate(() => {
    const wrap = (root: Node) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) {
        if (walker.currentNode instanceof Text) {
          texts.push(walker.currentNode);
        }
      }
      for (const text of texts) {
        const parent = text.parentElement;
        if (
          parent?.closest('main, header, aside') &&
          parent.tagName !== 'FONT' &&
          text.data.trim()
        ) {
          const font = document.createElement('font');
          font.textContent = text.data;
          parent.replaceChild(font, text);
        }
      }
    };
    wrap(document.body);
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        wrap(target);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

test('a page that the browser translates goes through the login and a change of language without stale texts', async ({
  login,
  phoneNumber,
  vendor,
  messages,
  page,
  consoleProblems,
}) => {
  const isEnglish = messages.site.languageLabel === 'Language';
  const other = isEnglish ? ja : en;
  const changed = new LoginPage(page, other);
  const change = async (to: Messages, from: Messages) => {
    await page.getByRole('button', { name: to === ja ? '日本語' : 'English' }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', to === ja ? 'ja' : 'en');
    await expect.poll(() => staleTexts(page, from, to)).toEqual([]);
  };
  await login.open();
  await translate(page);
  await login.enter('0120-123-456');
  await expect(page.getByText(messages.errors.phone_number_toll_free)).toBeVisible();
  await change(other, messages);
  await expect(page.getByText(other.errors.phone_number_toll_free)).toBeVisible();
  await changed.enter(phoneNumber.text);
  const callNumber = await changed.callNumber();
  await changed.button(other.login.called).click();
  await expect(page.getByText(other.login.troubleshooting.intro)).toBeVisible();
  await change(messages, other);
  await vendor.call(phoneNumber.e164, callNumber);
  await login.expectLoggedIn(phoneNumber.text);
  await translate(page);
  await change(other, messages);
  // Chromium logs the refused number.
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('422')]);
});

/** The texts of one language that the page shows although it is in another. */
async function staleTexts(page: Page, of: object, now: object): Promise<string[]> {
  const shown = await page.locator('body').evaluate((body) => {
    const copy = document.importNode(body, true);
    for (const hidden of copy.querySelectorAll('script, noscript')) {
      hidden.remove();
    }
    return copy.textContent ?? '';
  });
  const current = new Set(textsOf(now));
  return textsOf(of).filter(
    (text) => text.length > 3 && !current.has(text) && shown.includes(text),
  );
}

function textsOf(messages: object): string[] {
  return Object.values(messages).flatMap((text: unknown) =>
    typeof text === 'object' && text !== null ? textsOf(text) : [String(text)],
  );
}
