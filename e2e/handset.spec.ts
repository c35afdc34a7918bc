import type { Page } from '@playwright/test';
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
    nobody: '誰も認証されませんでした',
    withheld: /非通知の着信では/,
    otherCaller: /を待っているのは/,
    expired: /期限が切れています/,
    notOurs: /認証サービスの番号ではありません/,
    problem: '電話番号を入力してください。',
    alwaysWithhold: 'いつも番号を通知しない電話',
    cut: '接続を切る',
    callbacks: 'コールバックを送る',
    sessions: 'ログインの受付',
    requests: 'アプリから届いた要求',
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
    nobody: 'Nobody was verified',
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

/** The handset as a person uses it. */
class Handset {
  readonly page: Page;
  readonly words: (typeof words)['ja' | 'en'];

  constructor(page: Page, language: 'ja' | 'en') {
    this.page = page;
    this.words = words[language];
  }

  get from() {
    return this.page.getByLabel(this.words.from, { exact: true });
  }

  get to() {
    return this.page.getByLabel(this.words.to, { exact: true });
  }

  get outcome() {
    return this.page.getByRole('status').filter({ hasText: this.words.ended });
  }

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: true });
  }

  list(name: string) {
    return this.page.getByRole('region', { name, exact: true }).getByRole('listitem');
  }

  async dial(number: string): Promise<void> {
    await this.to.fill('');
    for (const key of number.replace(/\D/g, '')) {
      await this.button(key).click();
    }
  }

  async call(): Promise<void> {
    await this.button(this.words.call).click();
  }
}

const test = journey.extend<{ handset: Handset }>({
  handset: async ({ context, sandbox, locale }, use) => {
    const page = await context.newPage();
    await page.goto(sandbox.url);
    await use(new Handset(page, locale?.startsWith('ja') ? 'ja' : 'en'));
  },
});

/** A call number of the sandbox as a person in Japan writes it. */
const inJapan = (callNumber: string) => callNumber.replace(/^\+81(50)(\d{4})(\d{4})$/, '0$1-$2-$3');

journey(
  'a person logs in with the handset that the page links to',
  async ({ login, phoneNumber, messages, page, context, locale }) => {
    const callNumber = await login.start(phoneNumber.text);
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: messages.login.sandboxLink }).first().click(),
    ]);
    const handset = new Handset(opened, locale?.startsWith('ja') ? 'ja' : 'en');
    await expect(handset.from).toHaveValue(phoneNumber.text);
    await expect(handset.to).toHaveValue(inJapan(callNumber));
    await handset.call();
    await expect(opened.getByRole('heading', { name: handset.words.dialling })).toBeFocused();
    await expect(handset.outcome).toContainText(handset.words.verified);
    await expect(handset.outcome).toContainText(phoneNumber.text);
    await login.expectLoggedIn(phoneNumber.text);
    const session = handset.list(handset.words.sessions).filter({ hasText: phoneNumber.text });
    await expect(session).toContainText(handset.words.calledBack);
  },
);

test('a waiting login is chosen, dialled by key, and the vendor sees it all', async ({
  login,
  phoneNumber,
  handset,
}) => {
  const callNumber = inJapan(await login.start(phoneNumber.text));
  const waiting = handset.button(`${phoneNumber.text} → ${callNumber}`);
  await waiting.click();
  await expect(waiting).toHaveAttribute('aria-pressed', 'true');
  const session = handset.list(handset.words.sessions).filter({ hasText: phoneNumber.text });
  await expect(session).toContainText(handset.words.waits);
  await expect(session).toContainText(callNumber);
  await expect(session).toContainText(/[45]:\d\d/);
  const request = handset.list(handset.words.requests).filter({ hasText: phoneNumber.text });
  await expect(request.last()).toContainText('201');

  await handset.button(handset.words.erase).click();
  await expect(handset.to).toHaveValue(callNumber.slice(0, -1));
  await handset.dial(callNumber);
  await expect(handset.to).toHaveValue(callNumber.replace(/-/g, ''));
  await handset.call();
  await expect(handset.outcome).toContainText(handset.words.verified);
  await login.expectLoggedIn(phoneNumber.text);
});

test('184 and a phone that withholds its number verify nobody, 186 does', async ({
  login,
  phoneNumber,
  handset,
  vendor,
}) => {
  test.slow();
  const callNumber = inJapan(await login.start(phoneNumber.text));
  await handset.button(`${phoneNumber.text} → ${callNumber}`).click();
  await handset.button(/^184/).click();
  await expect(handset.to).toHaveValue(`184 ${callNumber}`);
  await handset.call();
  await expect(handset.outcome).toContainText(handset.words.withheld);
  await handset.button(handset.words.back).click();

  await handset.button(/^184/).click();
  await expect(handset.to).toHaveValue(callNumber);
  await handset.page.getByLabel(handset.words.alwaysWithhold).check();
  await handset.call();
  await expect(handset.outcome).toContainText(handset.words.withheld);
  await handset.button(handset.words.back).click();
  const calls = await vendor.calls();
  expect(calls.slice(-2).map(({ from }) => from)).toEqual([null, null]);

  await handset.button(/^186/).click();
  await handset.call();
  await expect(handset.outcome).toContainText(handset.words.verified);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a call that verifies nobody says why', async ({
  login,
  phoneNumber,
  messages,
  handset,
  vendor,
  consoleProblems,
}) => {
  test.slow();
  const callNumber = inJapan(await login.start(phoneNumber.text));
  const { words } = handset;
  const call = async (from: string, to: string, why: RegExp) => {
    await handset.from.fill(from);
    await handset.to.fill(to);
    await handset.call();
    await expect(handset.outcome).toContainText(words.nobody);
    await expect(handset.outcome).toContainText(why);
    await handset.button(words.back).click();
    await expect(handset.to).toBeFocused();
  };
  // Only then has the phone filled its fields by itself, and does it no more.
  await expect(handset.button(`${phoneNumber.text} → ${callNumber}`)).toBeVisible();
  await call(phoneNumber.text, '050-9876-9876', new RegExp(`${phoneNumber.text}.*${callNumber}`));
  await call('090-9999-9999', callNumber, words.otherCaller);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.comeBack();
  // Then the login page asks no more, and nothing of it is noted later.
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await call(phoneNumber.text, callNumber, words.expired);

  const { page } = handset;
  await handset.from.fill('090');
  await handset.to.fill('');
  await handset.call();
  await expect(page.getByText(words.problem).first()).toBeVisible();
  await expect(page.getByLabel(words.from, { exact: true })).toHaveAttribute(
    'aria-invalid',
    'true',
  );
  await expect(handset.from).toBeFocused();
  await handset.from.fill('090-0000-0000');
  await handset.to.fill('03-1234-5678');
  await handset.call();
  await expect(page.getByRole('status').filter({ hasText: words.notOurs })).toBeVisible();
  // What Chromium notes of the refused calls, and of the login that expired.
  expect(consoleProblems.splice(0).filter((problem) => !/404|408|422/.test(problem))).toEqual([]);
});

test('a fault is switched on for the vendor, and off again', async ({
  handset,
  vendor,
  sandbox,
}) => {
  const { page, words } = handset;
  const faults = async () => {
    const response = await fetch(`${sandbox.url}/_sandbox/faults`);
    const body: { faults: { kind: string }[] } = await response.json();
    return body.faults.map(({ kind }) => kind);
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

test('another language changes every word and nothing else', async ({ handset, locale }) => {
  const { page } = handset;
  const other = locale?.startsWith('ja') ? 'en' : 'ja';
  await handset.from.fill('090-0000-0000');
  await page.getByRole('button', { name: other === 'en' ? 'English' : '日本語' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', other);
  await expect(page.getByLabel(words[other].from, { exact: true })).toHaveValue('090-0000-0000');
  await expect(page.getByRole('button', { name: words[other].call, exact: true })).toBeVisible();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', other);
});

test('nothing moves, and nothing is too wide for a small phone', async ({
  login,
  phoneNumber,
  handset,
  consoleProblems,
}) => {
  const { page } = handset;
  await page.setViewportSize({ width: 320, height: 640 });
  /** Where something is on the page, however far that is scrolled. */
  const topOf = async (name: string) =>
    await handset
      .button(name)
      .evaluate((element) => element.getBoundingClientRect().top + window.scrollY);
  const callTop = await topOf(handset.words.call);
  const callNumber = await login.start(phoneNumber.text);
  await handset.button(`${phoneNumber.text} → ${inJapan(callNumber)}`).click();
  expect(await topOf(handset.words.call)).toBe(callTop);
  await handset.from.fill('090');
  await handset.call();
  await expect(page.getByText(handset.words.problem).first()).toBeVisible();
  expect(await topOf(handset.words.call)).toBe(callTop);
  const [scrolled, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(scrolled).toBe(seen);
  // What Chromium notes of the refused call.
  expect(consoleProblems.splice(0).filter((problem) => !/422/.test(problem))).toEqual([]);
});

test('every screen of the handset is accessible in light and dark', async ({
  login,
  phoneNumber,
  handset,
}) => {
  test.slow();
  const { page } = handset;
  await expectAccessibleInBothThemes(page);
  const callNumber = inJapan(await login.start(phoneNumber.text));
  await handset.button(`${phoneNumber.text} → ${callNumber}`).click();
  await expectAccessibleInBothThemes(page);
  await handset.button(/^184/).click();
  await handset.call();
  await expect(handset.outcome).toContainText(handset.words.withheld);
  await expectAccessibleInBothThemes(page);
  await handset.button(handset.words.back).click();
  await handset.button(/^184/).click();
  await handset.call();
  await expect(handset.outcome).toContainText(handset.words.verified);
  await expectAccessibleInBothThemes(page);
});
