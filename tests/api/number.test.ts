import { describe, expect, it } from 'vitest';
import { newVisitor } from '#tests/support/servers.ts';

const ask = async (body: object) => await newVisitor().post('/api/auth/number', body);

describe('POST /api/auth/number', () => {
  it.each([
    [{ phone_number: '０９０１２３４５６７８' }, '090-1234-5678'],
    [{ phone_number: '+819012345678' }, '090-1234-5678'],
    [{ phone_number: '4155552671', country: 'US' }, '(415) 555-2671'],
    [{ phone_number: '+81 90-1234-5678', country: 'US' }, '+81 90 1234 5678'],
    // An incomplete number, a freephone number, no number.
    [{ phone_number: '090-12' }, ''],
    [{ phone_number: '0120123456' }, ''],
    [{ phone_number: 'Hanako' }, ''],
    [{ phone_number: '090-1234-5678', country: 'ZZ' }, ''],
  ])('formats %j as it is written in the chosen country: %j', async (body, text) => {
    const response = await ask(body);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ phone_number_text: text });
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('refuses other sites', async () => {
    const visitor = newVisitor();
    const headers = { 'sec-fetch-site': 'cross-site' };
    const response = await visitor.post('/api/auth/number', { phone_number: '090' }, headers);
    expect(response.status).toBe(403);
  });
});
