import type { Locator, Page } from '@playwright/test';
import * as z from 'zod';
import { expectAccessibleInBothThemes } from './accessible.ts';
import { expect, test as journey } from './journey.ts';

const words = {
  ja: {
    from: 'この電話の番号',
    to: 'かける番号',
    call: '発信',
    dialling: '発信中…',
    ended: '通話終了',
    back: 'ダイヤルに戻る',
    erase: '1 字消す',
    verified: '認証されました',
    goBack: '元のタブに戻ってください。',
    nobody: '認証できませんでした',
    withheld: /非通知の着信では/,
    otherCaller: /を待っているのは/,
    expired: /期限が切れています/,
    notOurs: /認証サービスの番号ではありません/,
    problem: '電話番号を入力してください。',
    alwaysWithhold: 'いつも番号を通知しない電話',
    cut: '接続を切る',
    callbacks: 'コールバックを送る',
    sessions: 'ログインの受付',
    requests: 'アプリから届いたリクエスト',
    waits: '着信待ち',
    calledBack: /コールバックの応答 204/,
  },
  en: {
    from: 'This phone’s number',
    to: 'Number to call',
    call: 'Call',
    dialling: 'Calling…',
    ended: 'Call ended',
    back: 'Back to the keypad',
    erase: 'Erase one',
    verified: 'Verified',
    goBack: 'Go back to the other tab',
    nobody: 'Not verified',
    withheld: /withheld number could be anybody/,
    otherCaller: /is awaited from/,
    expired: /has expired/,
    notOurs: /is not a number of the vendor/,
    problem: 'Type a phone number.',
    alwaysWithhold: 'Always withhold the number',
    cut: 'Cut the connection',
    callbacks: 'Sends callbacks',
    sessions: 'Logins',
    requests: 'Requests from the app',
    waits: 'Waiting',
    calledBack: /callback answered 204/,
  },
};

/** The test phone's controls in one language. */
interface PhonePage {
  page: Page;
  words: (typeof words)['ja' | 'en'];
  from: Locator;
  to: Locator;
  outcome: Locator;
  button(name: string | RegExp): Locator;
  list(name: string): Locator;
  /** Enters the digits of `number` on the keypad. */
  dial(number: string): Promise<void>;
  call(): Promise<void>;
}

function createPhonePage(page: Page, locale: string | undefined): PhonePage {
  const texts = words[locale?.startsWith('ja') ? 'ja' : 'en'];
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
  const to = page.getByLabel(texts.to, { exact: true });
  return {
    page,
    words: texts,
    from: page.getByLabel(texts.from, { exact: true }),
    to,
    outcome: page.getByRole('status').filter({ hasText: texts.ended }),
    button,
    list: (name) => page.getByRole('region', { name, exact: true }).getByRole('listitem'),
    async dial(number) {
      await to.fill('');
      for (const key of number.replace(/\D/g, '')) {
        await button(key).click();
      }
    },
    call: () => button(texts.call).click(),
  };
}

const test = journey.extend<{ phonePage: PhonePage }>({
  phonePage: async ({ context, sandbox, locale }, use) => {
    const page = await context.newPage();
    await page.goto(sandbox.url);
    await use(createPhonePage(page, locale));
  },
});

/** Formats a call number of the sandbox as `050-1234-5678`. */
const inJapan = (callNumber: string) => callNumber.replace(/^\+81(50)(\d{4})(\d{4})$/, '0$1-$2-$3');

journey(
  'logs in with the test phone that the login page links to',
  async ({ login, phoneNumber, sandbox, page, context, locale }) => {
    const callNumber = await login.start(phoneNumber.text);
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      // The one link to it.
      page.locator(`a[href^="${sandbox.url}"]`).click(),
    ]);
    const phonePage = createPhonePage(opened, locale);
    await expect(phonePage.from).toHaveValue(phoneNumber.text);
    await expect(phonePage.to).toHaveValue(inJapan(callNumber));
    const { promise: isDialling, resolve: answerCall } = Promise.withResolvers<void>();
    await opened.route('**/_sandbox/calls', async (route) => {
      await isDialling;
      await route.continue();
    });
    await phonePage.call();
    await expect(opened.getByRole('heading', { name: phonePage.words.dialling })).toBeFocused();
    answerCall();
    await expect(phonePage.outcome).toContainText(phonePage.words.verified);
    await expect(phonePage.outcome).toContainText(phonePage.words.goBack);
    await expect(phonePage.outcome).toContainText(phoneNumber.text);
    await login.expectLoggedIn(phoneNumber.text);
    const session = phonePage.list(phonePage.words.sessions).filter({ hasText: phoneNumber.text });
    await expect(session).toContainText(phonePage.words.calledBack);
  },
);

test('selects a waiting login, dials its number, and shows its session and requests', {
  tag: '@once',
}, async ({ login, phoneNumber, phonePage }) => {
  const callNumber = inJapan(await login.start(phoneNumber.text));
  const waiting = phonePage.button(`${phoneNumber.text} → ${callNumber}`);
  await waiting.click();
  await expect(waiting).toHaveAttribute('aria-pressed', 'true');
  const session = phonePage.list(phonePage.words.sessions).filter({ hasText: phoneNumber.text });
  await expect(session).toContainText(phonePage.words.waits);
  await expect(session).toContainText(callNumber);
  await expect(session).toContainText(/[45]:\d\d/);
  const request = phonePage.list(phonePage.words.requests).filter({ hasText: phoneNumber.text });
  await expect(request.last()).toContainText('201');

  await phonePage.button(phonePage.words.erase).click();
  await expect(phonePage.to).toHaveValue(callNumber.slice(0, -1));
  await phonePage.dial(callNumber);
  await expect(phonePage.to).toHaveValue(callNumber.replace(/-/g, ''));
  await phonePage.call();
  await expect(phonePage.outcome).toContainText(phonePage.words.verified);
  await login.expectLoggedIn(phoneNumber.text);
});

test('verifies no session with 184 or a withholding phone, and verifies one with 186', {
  tag: '@once',
}, async ({ login, phoneNumber, phonePage, vendor }) => {
  test.slow();
  const callNumber = inJapan(await login.start(phoneNumber.text));
  await phonePage.button(`${phoneNumber.text} → ${callNumber}`).click();
  await phonePage.button(/^184/).click();
  await expect(phonePage.to).toHaveValue(`184 ${callNumber}`);
  await phonePage.call();
  await expect(phonePage.outcome).toContainText(phonePage.words.withheld);
  await phonePage.button(phonePage.words.back).click();

  await phonePage.button(/^184/).click();
  await expect(phonePage.to).toHaveValue(callNumber);
  await phonePage.page.getByLabel(phonePage.words.alwaysWithhold).check();
  await phonePage.call();
  await expect(phonePage.outcome).toContainText(phonePage.words.withheld);
  await phonePage.button(phonePage.words.back).click();
  const calls = await vendor.calls();
  expect(calls.slice(-2).map(({ from }) => from)).toEqual([null, null]);

  await phonePage.button(/^186/).click();
  await phonePage.call();
  await expect(phonePage.outcome).toContainText(phonePage.words.verified);
  await login.expectLoggedIn(phoneNumber.text);
});

test('explains why a call verified no session', async ({
  login,
  phoneNumber,
  messages,
  phonePage,
  vendor,
  consoleProblems,
}) => {
  test.slow();
  const callNumber = inJapan(await login.start(phoneNumber.text));
  const { words } = phonePage;
  const call = async (from: string, to: string, why: RegExp) => {
    await phonePage.from.fill(from);
    await phonePage.to.fill(to);
    await phonePage.call();
    await expect(phonePage.outcome).toContainText(words.nobody);
    await expect(phonePage.outcome).toContainText(why);
    await phonePage.button(words.back).click();
    await expect(phonePage.to).toBeFocused();
  };
  // The fields are filled automatically once this is visible, and not again afterwards.
  await expect(phonePage.button(`${phoneNumber.text} → ${callNumber}`)).toBeVisible();
  await call(phoneNumber.text, '050-9876-9876', new RegExp(`${phoneNumber.text}.*${callNumber}`));
  await call('090-9999-9999', callNumber, words.otherCaller);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.returnToPage();
  // The login page has stopped polling, so its console messages are complete.
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await call(phoneNumber.text, callNumber, words.expired);

  const { page } = phonePage;
  await phonePage.from.fill('090');
  await phonePage.to.fill('');
  await phonePage.call();
  await expect(page.getByText(words.problem).first()).toBeVisible();
  await expect(page.getByLabel(words.from, { exact: true })).toHaveAttribute(
    'aria-invalid',
    'true',
  );
  await expect(phonePage.from).toBeFocused();
  await phonePage.from.fill('090-0000-0000');
  await phonePage.to.fill('03-1234-5678');
  await phonePage.call();
  await expect(page.getByRole('status').filter({ hasText: words.notOurs })).toBeVisible();
  // Chromium logs the refused calls and the expired login.
  expect(consoleProblems.splice(0).filter((problem) => !/404|408|422/.test(problem))).toEqual([]);
});

const faultsSchema = z.object({ faults: z.array(z.object({ kind: z.string() })) });

test('switches a fault and an option of the vendor on and off', { tag: '@once' }, async ({
  phonePage,
  vendor,
  sandbox,
}) => {
  const { page, words } = phonePage;
  const faults = async () => {
    const response = await fetch(`${sandbox.url}/_sandbox/faults`);
    return faultsSchema.parse(await response.json()).faults.map(({ kind }) => kind);
  };
  const cut = page.getByLabel(words.cut);
  await cut.check();
  await expect.poll(faults).toEqual(['reset']);
  await page.reload();
  await expect(cut).toBeChecked();
  await vendor.addFault({ kind: 'reset', times: 3, phone_number: '+819000000001' });
  await expect(page.getByText(/reset · 090-0000-0001 · ×3/)).toBeVisible();
  await cut.uncheck();
  await expect.poll(faults).toEqual(['reset']);
  await expect(cut).not.toBeChecked();
  await vendor.clearFaults();

  const callbacks = page.getByLabel(words.callbacks);
  await callbacks.uncheck();
  await page.reload();
  await expect(callbacks).not.toBeChecked();
  await callbacks.check();
  await expect(callbacks).toBeChecked();
});

test('changes the language of the page and keeps what was typed', async ({ phonePage, locale }) => {
  const { page } = phonePage;
  const other = locale?.startsWith('ja') ? 'en' : 'ja';
  await phonePage.from.fill('090-0000-0000');
  await page.getByRole('button', { name: other === 'en' ? 'English' : '日本語' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', other);
  await expect(page.getByLabel(words[other].from, { exact: true })).toHaveValue('090-0000-0000');
  await expect(page.getByRole('button', { name: words[other].call, exact: true })).toBeVisible();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', other);
});

test('moves nothing and fits a small screen', async ({
  login,
  phoneNumber,
  phonePage,
  consoleProblems,
}) => {
  const { page } = phonePage;
  await page.setViewportSize({ width: 320, height: 640 });
  /** The top of a button in page coordinates, which do not depend on scrolling. */
  const topOf = async (name: string) =>
    await phonePage
      .button(name)
      .evaluate((element) => element.getBoundingClientRect().top + window.scrollY);
  const callTop = await topOf(phonePage.words.call);
  const callNumber = await login.start(phoneNumber.text);
  await phonePage.button(`${phoneNumber.text} → ${inJapan(callNumber)}`).click();
  expect(await topOf(phonePage.words.call)).toBe(callTop);
  await phonePage.from.fill('090');
  await phonePage.call();
  await expect(page.getByText(phonePage.words.problem).first()).toBeVisible();
  expect(await topOf(phonePage.words.call)).toBe(callTop);
  const [scrolled, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(scrolled).toBe(seen);
  // Chromium logs the refused call.
  expect(consoleProblems.splice(0).filter((problem) => !/422/.test(problem))).toEqual([]);
});

test('every screen of the test phone is accessible in light and dark', async ({
  login,
  phoneNumber,
  phonePage,
}) => {
  test.slow();
  const { page } = phonePage;
  await expectAccessibleInBothThemes(page);
  const callNumber = inJapan(await login.start(phoneNumber.text));
  await phonePage.button(`${phoneNumber.text} → ${callNumber}`).click();
  await expectAccessibleInBothThemes(page);
  await phonePage.button(/^184/).click();
  await phonePage.call();
  await expect(phonePage.outcome).toContainText(phonePage.words.withheld);
  await expectAccessibleInBothThemes(page);
  await phonePage.button(phonePage.words.back).click();
  await phonePage.button(/^184/).click();
  await phonePage.call();
  await expect(phonePage.outcome).toContainText(phonePage.words.verified);
  await expectAccessibleInBothThemes(page);
});
