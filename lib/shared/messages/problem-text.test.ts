import { expect, it } from 'vitest';
import { en } from './en.ts';
import { ja } from './ja.ts';
import { type ProblemFacts, problemText } from './problem-text.ts';

it.each<[ProblemFacts, string, string]>([
  [{ code: 'rate_limited', retry_after_seconds: 90 }, '90 秒', '90 seconds'],
  [{ code: 'rate_limited', retry_after_seconds: 121 }, '3 分', '3 minutes'],
  [{ code: 'attempt_contested', retry_after_seconds: 300 }, '5 分', '5 minutes'],
  [{ code: 'phone_number_not_in_country', country: 'BR' }, 'ブラジル', 'Brazil'],
])('the sentence for %o names what it is about in both languages', (facts, japanese, english) => {
  const inJapanese = problemText(facts, { errors: ja.errors, language: 'ja' });
  const inEnglish = problemText(facts, { errors: en.errors, language: 'en' });
  expect(inJapanese.replace(/(\d)(?=[秒分])/, '$1 ')).toContain(japanese);
  expect(inEnglish).toContain(english);
  expect(inJapanese + inEnglish).not.toMatch(/[{}]/);
});

it.each(['number_ported', 'constructor', ''])(
  'the unknown code %j has the general sentence',
  (code) => {
    const facts = { code, retry_after_seconds: 3 };
    expect(problemText(facts, { errors: en.errors, language: 'en' })).toBe(
      en.errors.internal_error,
    );
  },
);
