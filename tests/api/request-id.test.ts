import { describe, expect, it } from 'vitest';
import { errorReplySchema } from '#lib/shared/contract.ts';
import { newVisitor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

const id = /^[0-9a-f]{16}$/;

describe('the id of a request', () => {
  it.each([
    ['POST', '/api/auth/start'],
    ['GET', '/api/auth/status'],
    ['POST', '/api/auth/cancel'],
    ['GET', '/api/auth/session'],
    ['DELETE', '/api/auth/sessions'],
    ['DELETE', '/api/auth/sessions/unknown'],
    ['POST', '/api/auth/sessions/seen'],
    ['POST', '/api/auth/logout'],
    ['POST', '/api/language'],
    ['POST', '/api/auth/callback/unknown'],
    ['GET', '/api/health'],
  ])('is in the answer to %s %s, and in the body of a refusal', async (method, path) => {
    const response = await newVisitor().fetch(path, { method });
    const sent = response.headers.get('x-request-id');
    expect(sent).toMatch(id);
    if (response.status >= 400) {
      expect(errorReplySchema.parse(await response.json()).request_id).toBe(sent);
    }
  });

  it('is generated for each request, whatever the client sends', async () => {
    const chosen = 'abcdabcdabcdabcd';
    const headers = { 'x-request-id': chosen, 'x-correlation-id': chosen, traceparent: chosen };
    const visitor = newVisitor();
    const answers = await Promise.all(
      [1, 2].map(async () => {
        const phone_number = randomPhoneNumber();
        return await visitor.post('/api/auth/start', { phone_number }, headers);
      }),
    );
    const ids = answers.map((response) => response.headers.get('x-request-id'));
    expect(new Set([...ids, chosen]).size).toBe(3);
  });
});
