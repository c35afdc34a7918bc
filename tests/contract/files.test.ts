import { describe, expect, inject, it } from 'vitest';

const paths = [
  '/logo.svg',
  '/icon.svg',
  '/openapi.json',
  '/nowhere.svg',
  '/account/nowhere.svg',
  '/_next/static/nowhere.js',
  '/_next/static/nowhere.svg',
  '/_next/nowhere',
];

describe.each(Object.entries(inject('hosts')))('on the %s host, %s', (host, origin) => {
  it.each(paths)('%s has a policy that runs no foreign script', async (path) => {
    const answer = await fetch(origin + path);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each(paths)('%s accepts only GET and HEAD', async (path) => {
    // Next knows before it looks at the method that there is no such file.
    expect([404, 405]).toContain((await fetch(origin + path, { method: 'POST' })).status);
  });

  it('scripts and styles are the same in every encoding, for good, and in Brotli where it is understood', async () => {
    const page = await (await fetch(`${origin}/login`)).text();
    const files = [...new Set(page.match(/\/_next\/static\/[\w./-]+\.(?:js|css)/g))];
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      const fetchIn = async (encoding: string, method = 'GET') => {
        const { headers, ...answer } = await fetchFile(origin + path, encoding, method);
        return {
          ...answer,
          type: headers.get('content-type'),
          cache: headers.get('cache-control'),
          headers,
        };
      };
      const plain = await fetchIn('identity');
      expect(plain.status).toBe(200);
      expect(plain.cache).toBe('public, max-age=31536000, immutable');
      for (const encoding of [
        'gzip, deflate, br, zstd',
        'br;q=0.5',
        'br;q=0, gzip',
        'gzip',
        '*;q=0',
      ]) {
        expect(await fetchIn(encoding)).toMatchObject({ ...plain, headers: expect.anything() });
      }
      if (host === 'node') {
        expect((await fetchIn('gzip, br')).headers.get('content-encoding')).toBe('br');
        expect((await fetchIn('gzip, br', 'HEAD')).headers.get('content-encoding')).toBe('br');
        expect((await fetchIn('br;q=0, gzip')).headers.get('content-encoding')).not.toBe('br');
      }
    }
  });
});

async function fetchFile(url: string, encoding: string, method: string) {
  const answer = await fetch(url, { method, headers: { 'accept-encoding': encoding } });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
