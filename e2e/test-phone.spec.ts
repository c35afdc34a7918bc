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

/** The test phone as a person uses it. */
class TestPhone {
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

const test = journey.extend<{ testPhone: TestPhone }>({
  testPhone: async ({ context, sandbox, locale }, use) => {
    const page = await context.newPage();
    await page.goto(sandbox.url);
    await use(new TestPhone(page, locale?.startsWith('ja') ? 'ja' : 'en'));
  },
});

/** A call number of the sandbox as a person in Japan writes it. */
const inJapan = (callNumber: string) => callNumber.replace(/^\+81(50)(\d{4})(\d{4})$/, '0$1-$2-$3');

journey(
  'a person logs in with the test phone that the page links to',
  async ({ login, phoneNumber, messages, page, context, locale }) => {
    const callNumber = await login.start(phoneNumber.text);
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: messages.login.sandboxLink }).first().click(),
    ]);
    const testPhone = new TestPhone(opened, locale?.startsWith('ja') ? 'ja' : 'en');
    await expect(testPhone.from).toHaveValue(phoneNumber.text);
    await expect(testPhone.to).toHaveValue(inJapan(callNumber));
    await testPhone.call();
    await expect(opened.getByRole('heading', { name: testPhone.words.dialling })).toBeFocused();
    await expect(testPhone.outcome).toContainText(testPhone.words.verified);
    await expect(testPhone.outcome).toContainText(phoneNumber.text);
    await login.expectLoggedIn(phoneNumber.text);
    const session = testPhone.list(testPhone.words.sessions).filter({ hasText: phoneNumber.text });
    await expect(session).toContainText(testPhone.words.calledBack);
  },
);

test('a waiting login is chosen, dialled by key, and the vendor sees it all', async ({
  login,
  phoneNumber,
  testPhone,
}) => {
  const callNumber = inJapan(await login.start(phoneNumber.text));
  const waiting = testPhone.button(`${phoneNumber.text} → ${callNumber}`);
  await waiting.click();
  await expect(waiting).toHaveAttribute('aria-pressed', 'true');
  const session = testPhone.list(testPhone.words.sessions).filter({ hasText: phoneNumber.text });
  await expect(session).toContainText(testPhone.words.waits);
  await expect(session).toContainText(callNumber);
  await expect(session).toContainText(/[45]:\d\d/);
  const request = testPhone.list(testPhone.words.requests).filter({ hasText: phoneNumber.text });
  await expect(request.last()).toContainText('201');

  await testPhone.button(testPhone.words.erase).click();
  await expect(testPhone.to).toHaveValue(callNumber.slice(0, -1));
  await testPhone.dial(callNumber);
  await expect(testPhone.to).toHaveValue(callNumber.replace(/-/g, ''));
  await testPhone.call();
  await expect(testPhone.outcome).toContainText(testPhone.words.verified);
  await login.expectLoggedIn(phoneNumber.text);
});

test('184 and a phone that withholds its number verify nobody, 186 does', async ({
  login,
  phoneNumber,
  testPhone,
  vendor,
}) => {
  test.slow();
  const callNumber = inJapan(await login.start(phoneNumber.text));
  await testPhone.button(`${phoneNumber.text} → ${callNumber}`).click();
  await testPhone.button(/^184/).click();
  await expect(testPhone.to).toHaveValue(`184 ${callNumber}`);
  await testPhone.call();
  await expect(testPhone.outcome).toContainText(testPhone.words.withheld);
  await testPhone.button(testPhone.words.back).click();

  await testPhone.button(/^184/).click();
  await expect(testPhone.to).toHaveValue(callNumber);
  await testPhone.page.getByLabel(testPhone.words.alwaysWithhold).check();
  await testPhone.call();
  await expect(testPhone.outcome).toContainText(testPhone.words.withheld);
  await testPhone.button(testPhone.words.back).click();
  const calls = await vendor.calls();
  expect(calls.slice(-2).map(({ from }) => from)).toEqual([null, null]);

  await testPhone.button(/^186/).click();
  await testPhone.call();
  await expect(testPhone.outcome).toContainText(testPhone.words.verified);
  await login.expectLoggedIn(phoneNumber.text);
});

test('a call that verifies nobody says why', async ({
  login,
  phoneNumber,
  messages,
  testPhone,
  vendor,
  consoleProblems,
}) => {
  test.slow();
  const callNumber = inJapan(await login.start(phoneNumber.text));
  const { words } = testPhone;
  const call = async (from: string, to: string, why: RegExp) => {
    await testPhone.from.fill(from);
    await testPhone.to.fill(to);
    await testPhone.call();
    await expect(testPhone.outcome).toContainText(words.nobody);
    await expect(testPhone.outcome).toContainText(why);
    await testPhone.button(words.back).click();
    await expect(testPhone.to).toBeFocused();
  };
  // Only then has the phone filled its fields by itself, and does it no more.
  await expect(testPhone.button(`${phoneNumber.text} → ${callNumber}`)).toBeVisible();
  await call(phoneNumber.text, '050-9876-9876', new RegExp(`${phoneNumber.text}.*${callNumber}`));
  await call('090-9999-9999', callNumber, words.otherCaller);
  await vendor.advanceClock(301, phoneNumber.e164);
  await login.comeBack();
  // Then the login page asks no more, and nothing of it is noted later.
  await expect(login.heading(messages.login.expiredHeading)).toBeVisible();
  await call(phoneNumber.text, callNumber, words.expired);

  const { page } = testPhone;
  await testPhone.from.fill('090');
  await testPhone.to.fill('');
  await testPhone.call();
  await expect(page.getByText(words.problem).first()).toBeVisible();
  await expect(page.getByLabel(words.from, { exact: true })).toHaveAttribute(
    'aria-invalid',
    'true',
  );
  await expect(testPhone.from).toBeFocused();
  await testPhone.from.fill('090-0000-0000');
  await testPhone.to.fill('03-1234-5678');
  await testPhone.call();
  await expect(page.getByRole('status').filter({ hasText: words.notOurs })).toBeVisible();
  // What Chromium notes of the refused calls, and of the login that expired.
  expect(consoleProblems.splice(0).filter((problem) => !/404|408|422/.test(problem))).toEqual([]);
});

test('a fault is switched on for the vendor, and off again', async ({
  testPhone,
  vendor,
  sandbox,
}) => {
  const { page, words } = testPhone;
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

test('another language changes every word and nothing else', async ({ testPhone, locale }) => {
  const { page } = testPhone;
  const other = locale?.startsWith('ja') ? 'en' : 'ja';
  await testPhone.from.fill('090-0000-0000');
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
  testPhone,
  consoleProblems,
}) => {
  const { page } = testPhone;
  await page.setViewportSize({ width: 320, height: 640 });
  /** Where something is on the page, however far that is scrolled. */
  const topOf = async (name: string) =>
    await testPhone
      .button(name)
      .evaluate((element) => element.getBoundingClientRect().top + window.scrollY);
  const callTop = await topOf(testPhone.words.call);
  const callNumber = await login.start(phoneNumber.text);
  await testPhone.button(`${phoneNumber.text} → ${inJapan(callNumber)}`).click();
  expect(await topOf(testPhone.words.call)).toBe(callTop);
  await testPhone.from.fill('090');
  await testPhone.call();
  await expect(page.getByText(testPhone.words.problem).first()).toBeVisible();
  expect(await topOf(testPhone.words.call)).toBe(callTop);
  const [scrolled, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(scrolled).toBe(seen);
  // What Chromium notes of the refused call.
  expect(consoleProblems.splice(0).filter((problem) => !/422/.test(problem))).toEqual([]);
});

test('every screen of the test phone is accessible in light and dark', async ({
  login,
  phoneNumber,
  testPhone,
}) => {
  test.slow();
  const { page } = testPhone;
  await expectAccessibleInBothThemes(page);
  const callNumber = inJapan(await login.start(phoneNumber.text));
  await testPhone.button(`${phoneNumber.text} → ${callNumber}`).click();
  await expectAccessibleInBothThemes(page);
  await testPhone.button(/^184/).click();
  await testPhone.call();
  await expect(testPhone.outcome).toContainText(testPhone.words.withheld);
  await expectAccessibleInBothThemes(page);
  await testPhone.button(testPhone.words.back).click();
  await testPhone.button(/^184/).click();
  await testPhone.call();
  await expect(testPhone.outcome).toContainText(testPhone.words.verified);
  await expectAccessibleInBothThemes(page);
});
