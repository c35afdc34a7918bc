import { afterAll, expect, it } from 'vitest';
import { startSandbox } from './server.ts';

const sandbox = await startSandbox();
afterAll(() => sandbox.close());

it.each([
  ['/', 'text/html; charset=utf-8'],
  ['/?from=%2B819012345678&to=%2B815098760001', 'text/html; charset=utf-8'],
  ['/handset.css', 'text/css; charset=utf-8'],
  ['/handset.js', 'text/javascript; charset=utf-8'],
  ['/handset.svg', 'image/svg+xml'],
])('serves %s under a strict policy', async (path, type) => {
  const response = await fetch(sandbox.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(await response.text()).not.toBe('');
});

it('serves nothing else of its folder', async () => {
  for (const path of ['/index.html', '/../server.ts', '/handset/', '/handset.ts']) {
    expect((await fetch(sandbox.url + path)).status).toBe(404);
  }
});
