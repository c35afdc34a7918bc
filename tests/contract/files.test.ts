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

  // Vercel's own servers send them there.
  it.skipIf(host === 'vercel')(
    'scripts and styles are the same in every encoding, for good, and in Brotli where it is understood',
    async () => {
      const page = await (await fetch(`${origin}/login`)).text();
      const files = [...new Set(page.match(/\/_next\/static\/[\w./-]+\.(?:js|css)/g))];
      expect(files.length).toBeGreaterThan(5);
      for (const path of files) {
        const plain = await fetchFile(origin + path, 'identity');
        expect(plain.file).toMatchObject({
          status: 200,
          cache: expect.stringMatching(/^public, ?max-age=31536000, ?immutable$/),
        });
        for (const encoding of ['gzip, deflate, br', 'br;q=0.5', 'br;q=0, gzip', 'gzip', '*;q=0']) {
          expect((await fetchFile(origin + path, encoding)).file).toEqual(plain.file);
        }
        if (host === 'node') {
          expect((await fetchFile(origin + path, 'gzip, br')).encoding).toBe('br');
          expect((await fetchFile(origin + path, 'gzip, br', 'HEAD')).encoding).toBe('br');
          expect((await fetchFile(origin + path, 'br;q=0, gzip')).encoding).not.toBe('br');
        }
      }
    },
  );
});

async function fetchFile(url: string, acceptEncoding: string, method = 'GET') {
  const headers = { 'accept-encoding': acceptEncoding };
  const answer = await fetch(url, { method, headers });
  return {
    encoding: answer.headers.get('content-encoding'),
    file: {
      status: answer.status,
      type: answer.headers.get('content-type'),
      cache: answer.headers.get('cache-control'),
      text: await answer.text(),
    },
  };
}
