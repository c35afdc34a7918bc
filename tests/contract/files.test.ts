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

describe.each(Object.entries(inject('hosts')))('on the %s host, %s', (_, origin) => {
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
});
