import { describe, expect, it } from 'vitest';
import { logIn } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';
import { expectHarmless, isNextHost, isRefusedByNext, ownPage, send } from './send.ts';
import { addressOf, routes } from './site.ts';

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'MKCOL',
  'COPY',
  'LOCK',
  'SEARCH',
  'QUERY',
  'PURGE',
  'LINK',
  'REPORT',
];

const fetchMethods: ReadonlySet<string> = new Set(methods.slice(0, 7));

describe.each(Object.entries(routes))('%s', (route, open) => {
  it('refuses every other method with an Allow header and changes nothing', async () => {
    const visitor = await logIn(randomPhoneNumber());
    for (const method of methods.filter((each) => !open.includes(each))) {
      const answer = await send({
        method,
        path: addressOf(route),
        headers: [...ownPage, ['cookie', visitor.cookieHeader()]],
      });
      expectHarmless(answer, method);
      if (isNextHost && !fetchMethods.has(method)) {
        // Next refuses these by itself, TRACE as what it cannot read.
        expect([400, 405, 500], method).toContain(answer.status);
        continue;
      }
      expect(answer.status, method).toBe(405);
      expect(answer.headers.allow, method).toBe(open.join(', '));
      expect(answer.headers['cache-control'], method).toMatch(/^no-store\b/);
      expect(answer.setCookies, method).toEqual([]);
    }
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  });
});

it.each(['/icon.svg', '/logo.svg', '/_next/static/nowhere.js', '/nowhere'])(
  '%s, which is not a page, accepts only GET and HEAD',
  async (path) => {
    for (const method of methods.filter((each) => each !== 'GET' && each !== 'HEAD')) {
      const answer = await send({ method, path, headers: ownPage });
      // Next refuses these in its own ways: not found, or TRACE with 500.
      if (!(isNextHost && (answer.status === 404 || isRefusedByNext(answer)))) {
        expect([answer.status, answer.headers.allow], method).toEqual([405, 'GET, HEAD']);
      }
    }
  },
);

it.each(['FOO', 'GETS', 'CONNECT'])('the unsupported method %s is refused', async (method) => {
  const answer = await send({ method, path: '/account' });
  expectHarmless(answer, method);
  expect([0, 400]).toContain(answer.status);
});

it('a header cannot override the method', async () => {
  const visitor = await logIn(randomPhoneNumber());
  for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override', '_method']) {
    const answer = await send({
      path: '/api/auth/sessions',
      headers: [...ownPage, [name, 'DELETE'], ['cookie', visitor.cookieHeader()]],
    });
    expect(answer.status, name).toBe(405);
  }
});
