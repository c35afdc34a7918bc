import { describe, expect, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { logIn, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, userAgents } from '#tests/support/visitor.ts';

const inLanguage = (language: string) => ({ headers: { 'accept-language': language } });

describe('the pages', () => {
  it.each([
    ['ja', 'ja', ja],
    ['en-GB,en;q=0.9', 'en', en],
    ['fr-FR, en;q=0.5, ja;q=0.1', 'en', en],
    ['ko', 'ja', ja],
    ['%%%,;q=', 'ja', ja],
  ])('answer Accept-Language %s in %s', async (acceptLanguage, language, messages) => {
    const response = await newVisitor().fetch('/login', inLanguage(acceptLanguage));
    const html = await response.text();
    expect(html).toContain(`<html lang="${language}"`);
    expect(html).toContain(messages.login.numberHeading);
  });

  it('keep the chosen language, whatever Accept-Language says', async () => {
    const visitor = newVisitor();
    const response = await visitor.fetch('/api/language', {
      method: 'POST',
      body: new URLSearchParams({ language: 'en', back: '/login' }),
    });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/login');
    const html = await (await visitor.fetch('/login', inLanguage('ja'))).text();
    expect(html).toContain(en.login.numberHeading);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example/'])(
    'redirect back only to our own paths, not to %s',
    async (back) => {
      const response = await newVisitor().fetch('/api/language', {
        method: 'POST',
        body: new URLSearchParams({ language: 'en', back }),
      });
      expect(response.headers.get('location')).toBe('/');
    },
  );

  it('render the step of the attempt on the server, from the cookie only', async () => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    const html = await (await visitor.fetch('/login')).text();
    expect(html).toContain(ja.login.callHeading);
    expect(html).toContain(attempt.call_number_text);
    expect(html).toContain(attempt.phone_number_text);
    await vendor.advanceClock(301, phoneNumber);
    await visitor.statusPrompted();
    expect(await (await visitor.fetch('/login')).text()).toContain(ja.login.numberHeading);
  });

  it.each([
    ['/', '/login'],
    ['/account', '/login'],
  ])('redirect an anonymous visitor from %s to %s', async (path, location) => {
    const response = await newVisitor().fetch(path);
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe(location);
  });

  it.each(['/', '/login', '/account', '/call/nothing', '/nowhere'])(
    'have a Content-Security-Policy with a fresh nonce and forbid caching: %s',
    async (path) => {
      const visitor = path === '/account' ? await logIn(randomPhoneNumber()) : newVisitor();
      const nonces: string[] = [];
      for (const response of [await visitor.fetch(path), await visitor.fetch(path)]) {
        const policy = response.headers.get('content-security-policy') ?? '';
        expect(policy).not.toContain('unsafe');
        const found = policy.match(/script-src 'nonce-([\w+/=]{24})' 'strict-dynamic';/);
        const nonce = found?.[1] ?? 'none';
        nonces.push(nonce);
        expect(response.headers.get('cache-control')).toContain('no-store');
        const scripts = (await response.text()).match(/<script[^>]*>/g) ?? [];
        expect(scripts.length).toBeGreaterThan(0);
        expect(scripts.filter((script) => !script.includes(`nonce="${nonce}"`))).toEqual([]);
      }
      expect(nonces[0]).not.toBe(nonces[1]);
      expect(nonces).not.toContain('none');
    },
  );

  it.each(['/login', '/api/health', '/api/auth/session', '/nowhere', '/icon.svg'])(
    'and all other answers have the security headers: %s',
    async (path) => {
      const { headers } = await newVisitor().fetch(path);
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('permissions-policy')).toContain('microphone=()');
      expect(headers.get('x-powered-by')).toBeNull();
      if (path !== '/icon.svg') {
        expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
        expect(headers.get('cache-control')).toContain('no-store');
      }
    },
  );

  it('advise who reads them inside an app to open the browser, until an attempt is under way', async () => {
    const visitor = newVisitor();
    const read = async (app: string) => {
      visitor.userAgent = `${userAgents.safariOnIphone} ${app}`;
      return await (await visitor.fetch('/login?next=/account', inLanguage('ja'))).text();
    };
    const link = 'href="/login?openExternalBrowser=1&amp;next=%2Faccount"';
    expect(await read('Line/15.2.0')).toContain(link);
    for (const app of ['Instagram 380.0.0.28', '[FBAN/FBIOS;FBAV/510.0.0]']) {
      expect(await read(app)).toContain(`>${ja.site.inApp.menu}<`);
    }
    expect(await read('')).not.toContain(ja.site.inApp.text);
    await visitor.start(randomPhoneNumber());
    expect(await read('Line/15.2.0')).not.toContain(link);
  });

  it('answer an unknown path with a 404 page', async () => {
    const response = await newVisitor().fetch('/nowhere', inLanguage('ja'));
    expect(response.status).toBe(404);
    expect(await response.text()).toContain(ja.site.notFoundHeading);
  });
});

describe('GET /api/health', () => {
  it('is 200 while the process can serve logins', async () => {
    const response = await newVisitor().fetch('/api/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });
});
