import { describe, expect, it } from 'vitest';
import { errorReplySchema } from '../shared/contract.ts';
import { errorCodes } from '../shared/error-codes.ts';
import { describeProblem, httpStatusOf, problemResponse } from './problems.ts';
import { json } from './responses.ts';

const id = '5f0c5f0c5f0c5f0c';

describe('an error answer', () => {
  it.each([
    ['pauth_refused_number', 422],
    ['pauth_timed_out', 504],
    ['pauth_unreachable', 503],
    ['pauth_failed', 503],
    ['attempt_expired', 408],
  ] as const)('has the status that the guide asks for: %s is %i', (code, status) => {
    expect(problemResponse({ code }, { id, language: 'ja' }).status).toBe(status);
  });

  it.each(errorCodes)('%s has an error status, forbids caching and has a message', (code) => {
    const problem =
      code === 'phone_number_not_in_country' ? { code, country: 'JP' as const } : { code };
    for (const language of ['ja', 'en'] as const) {
      const response = problemResponse(problem, { id, language });
      expect(response.status).toBe(httpStatusOf(code));
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.headers['cache-control']).toMatch(/^no-store\b/);
      const reply = errorReplySchema.parse(JSON.parse(String(response.body)));
      expect(reply.code).toBe(code);
      expect(reply.request_id).toBe(id);
      expect(reply.error).not.toMatch(/^\s*$|[{}]/);
    }
  });

  it('names the country of a number in the visitor’s language', () => {
    const problem = { code: 'phone_number_not_in_country', country: 'US' } as const;
    expect(describeProblem(problem, 'ja')).toContain('アメリカ');
    expect(describeProblem(problem, 'en')).toContain('United States');
  });

  it('says when to retry, in header and body, for temporary errors only', () => {
    const withDelay = problemResponse(
      { code: 'pauth_failed', retryAfterSeconds: 20 },
      { id, language: 'en' },
    );
    expect(withDelay.headers['retry-after']).toBe('20');
    expect(JSON.parse(String(withDelay.body))).toMatchObject({ retry_after_seconds: 20 });
    const withoutDelay = problemResponse(
      { code: 'pauth_unreachable', retryAfterSeconds: null },
      { id, language: 'en' },
    );
    expect(withoutDelay.headers['retry-after']).toMatch(/^[2-4]$/);
    const permanent = problemResponse(
      { code: 'pauth_refused_number', retryAfterSeconds: 20 },
      { id, language: 'en' },
    );
    expect(permanent.headers).not.toHaveProperty('retry-after');
  });
});

it('an answer is JSON and forbids caching', () => {
  const response = json({ status: 'done' }, 200, { 'x-own': '1' });
  expect(response.body).toBe('{"status":"done"}');
  expect(response.headers).toEqual({
    'cache-control': 'no-store, no-transform',
    'content-type': 'application/json',
    'x-own': '1',
  });
});

it('a long answer allows compression by intermediaries', () => {
  const response = json({ text: 'x'.repeat(1_024) });
  expect(response.headers['cache-control']).toBe('no-store');
});
