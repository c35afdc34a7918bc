import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';
import { expect, LoginPage, test } from './journey.ts';

const unusable = [
  ['nothing', '', 'phone_number_missing'],
  ['a name', 'Hanako', 'phone_number_unreadable'],
  ['an e-mail address', 'hanako@example.com', 'phone_number_unreadable'],
  ['an incomplete number', '090-1234', 'phone_number_too_short'],
  ['two numbers in one', '090-1234-5678 090-1234-5678', 'phone_number_too_long'],
  ['a toll-free number', '0120-123-456', 'phone_number_toll_free'],
  ['an unknown country code', '+999 1234 5678', 'phone_number_unknown_country'],
] as const;

for (const [what, input, code] of unusable) {
  test(`${what} is explained at the field and stays in it`, { tag: '@once' }, async ({
    login,
    messages,
    page,
    vendor,
    consoleProblems,
  }) => {
    await login.open();
    await login.enter(input);
    await expect(login.field).toBeFocused();
    await expect(login.field).toHaveValue(input);
    await expect(login.field).toHaveAttribute('aria-invalid', 'true');
    await expect(login.field).toHaveAccessibleDescription(
      new RegExp(escapeForPattern(messages.errors[code])),
    );
    await expect(page.getByText(messages.errors[code])).toBeVisible();
    expect(await vendor.requests('+819012345678')).toEqual([]);
    expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('422')]);
  });
}

for (const spelling of [
  '０９０ー{b}ー{c}',
  'TEL: 090{b}{c}',
  '+81 90 {b} {c}',
  '0081(0)90-{b}-{c}',
]) {
  test(`a number written as ${spelling} is understood`, { tag: '@once' }, async ({
    login,
    phoneNumber,
    page,
  }) => {
    const [, b = '', c = ''] = phoneNumber.text.split('-');
    await login.open();
    await login.enter(spelling.replace('{b}', b).replace('{c}', c));
    await login.callNumber();
    await expect(page.getByText(phoneNumber.text)).toBeVisible();
  });
}

test('a number of another country gets an error that names the country', async ({
  login,
  messages,
  page,
  consoleProblems,
}) => {
  await login.open();
  await login.enter('(415) 555-2671');
  const [before = '', after = ''] = messages.errors.phone_number_not_in_country.split('{country}');
  const country = messages.site.languageLabel === 'Language' ? 'Japan' : '日本';
  await expect(page.getByText(`${before}${country}${after}`)).toBeVisible();
  expect(consoleProblems.splice(0)).toEqual([expect.stringContaining('422')]);
});

test('a number is formatted when the field loses the focus', { tag: '@once' }, async ({
  login,
  messages,
  page,
}) => {
  await login.open();
  await login.field.pressSequentially('０９０12345678');
  await expect(login.field).toHaveValue('０９０12345678');
  await page.getByLabel(messages.login.remember).focus();
  await expect(login.field).toHaveValue('090-1234-5678');
  // While the field has the focus, it is not formatted and the caret stays.
  await login.field.focus();
  await login.field.evaluate((field: HTMLInputElement) => field.setSelectionRange(3, 3));
  await page.keyboard.type('9');
  await expect(login.field).toHaveValue('0909-1234-5678');
  expect(await login.field.evaluate((field: HTMLInputElement) => field.selectionStart)).toBe(4);
});

test('a number is parsed for the chosen country', { tag: '@once' }, async ({
  login,
  messages,
  page,
}) => {
  await login.open();
  await page.getByText(messages.login.otherCountry).click();
  await page.getByLabel(messages.login.countryLabel).selectOption('US');
  await login.enter('(415) 555-2671');
  await login.callNumber();
  await expect(page.getByText('+1 415 555 2671').first()).toBeVisible();
});

test('a number of another country than the chosen one stays readable', { tag: '@once' }, async ({
  login,
  messages,
  page,
  phoneNumber,
}) => {
  await login.open();
  await page.getByText(messages.login.otherCountry).click();
  await page.getByLabel(messages.login.countryLabel).selectOption('US');
  await login.field.fill(phoneNumber.e164);
  await login.field.blur();
  await expect(login.field).toHaveValue(/^\+81 /);
  await login.submit.click();
  await login.callNumber();
});

test('an error goes once the number is edited', { tag: '@once' }, async ({
  login,
  messages,
  page,
  consoleProblems,
}) => {
  await login.open();
  await login.enter('090-1234');
  await expect(page.getByText(messages.errors.phone_number_too_short)).toBeVisible();
  await login.field.fill('090-123');
  await expect(page.getByText(messages.errors.phone_number_too_short)).toBeHidden();
  await expect(login.field).toHaveAttribute('aria-invalid', 'false');
  await login.submit.click();
  await expect(page.getByText(messages.errors.phone_number_too_short)).toBeVisible();
  consoleProblems.splice(0);
});

test('messages on the page change language with it', async ({
  login,
  messages,
  phoneNumber,
  vendor,
  page,
  consoleProblems,
}) => {
  const isEnglish = messages.site.languageLabel === 'Language';
  const [other, country] = isEnglish ? [ja, '日本'] : [en, 'Japan'];
  const change = () => page.getByRole('button', { name: isEnglish ? '日本語' : 'English' }).click();
  await login.open();
  await login.enter('(415) 555-2671');
  await expect(login.field).toHaveAttribute('aria-invalid', 'true');
  await change();
  await expect(
    page.getByText(fillIn(other.errors.phone_number_not_in_country, { country })),
  ).toBeVisible();
  const translated = new LoginPage(page, other);
  await translated.enter(phoneNumber.text);
  await translated.callNumber();
  await expect(page.getByRole('status')).toHaveText(other.login.waiting.pending.text);
  await vendor.advanceClock(301, phoneNumber.e164);
  await translated.returnToPage();
  await expect(page.getByText(other.errors.attempt_expired)).toBeVisible();
  await page.getByRole('button', { name: isEnglish ? 'English' : '日本語' }).click();
  await expect(page.getByText(messages.errors.attempt_expired)).toBeVisible();
  consoleProblems.splice(0);
});

test('changing the language keeps the typed text', async ({ login, messages, page }) => {
  await login.open();
  await login.field.fill('090-12');
  const other = messages.site.languageLabel === 'Language' ? '日本語' : 'English';
  await page.getByRole('button', { name: other }).click();
  await expect(login.heading(messages.login.numberHeading)).toBeHidden();
  await expect(page.getByRole('textbox')).toHaveValue('090-12');
});

test('Next’s request headers reach the server: the page’s data comes without a redirect', {
  tag: '@once',
}, async ({ login, messages, page }) => {
  await login.open();
  const other = messages.site.languageLabel === 'Language' ? '日本語' : 'English';
  const asked = page.waitForResponse((response) => 'rsc' in response.request().headers());
  await page.getByRole('button', { name: other }).click();
  const answer = await asked;
  expect(answer.request().headers()).toHaveProperty('next-router-state-tree');
  // Without the headers, Next would redirect to another address first.
  expect(answer.status()).toBe(200);
});

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
