import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { startSandbox } from './server.ts';

const sandbox = await startSandbox();
afterAll(() => sandbox.close());

it.each([
  ['/', 'text/html; charset=utf-8'],
  ['/?from=%2B819012345678&to=%2B815098760001', 'text/html; charset=utf-8'],
  ...['page', 'phone', 'vendor'].map((name) => [`/${name}.css`, 'text/css; charset=utf-8']),
  ...['control', 'main', 'numbers', 'outcome', 'page', 'phone', 'vendor', 'words'].map((name) => [
    `/${name}.js`,
    'text/javascript; charset=utf-8',
  ]),
  ['/test-phone.svg', 'image/svg+xml'],
])('serves %s with a strict content security policy', async (path, type) => {
  const response = await fetch(sandbox.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(await response.text()).not.toBe('');
});

it('serves no other file of its folder', async () => {
  for (const path of ['/index.html', '/../server.ts', '/test-phone/', '/test-phone.ts']) {
    expect((await fetch(sandbox.url + path)).status).toBe(404);
  }
});

it('references only files that it serves itself', async () => {
  const page = await (await fetch(sandbox.url)).text();
  const scripts = await Promise.all(
    ['main', 'phone', 'vendor', 'outcome', 'control'].map(async (name) =>
      (await fetch(`${sandbox.url}/${name}.js`)).text(),
    ),
  );
  const addresses = [
    ...page.matchAll(/(?:href|src)="([^"#]+)/g),
    ...scripts.join('\n').matchAll(/from '\.([^']+)'/g),
  ].map(([, address]) => address ?? '');
  expect(addresses.length).toBeGreaterThan(10);
  for (const address of new Set(addresses)) {
    expect(address).toMatch(/^\//);
    expect((await fetch(sandbox.url + address)).status, address).toBe(200);
  }
});

describe('the page', () => {
  const ownCss = readFileSync('sandbox/test-phone/page.css', 'utf8');
  const theme = readFileSync('app/theme.css', 'utf8');
  /** Colours that the login page names differently. */
  const names: Readonly<Record<string, string>> = { quiet: 'text-quiet' };
  /** Colours that the login page does not have. */
  const onlyHere = ['problem-soft', 'notice-text', 'frame', 'key', 'key-pressed'];

  it.each([
    ['light', 0],
    ['dark', 1],
  ])('has the %s colours of the login page', (_theme, part) => {
    const [ours, theirs] = [ownCss, theme].map((css) => coloursIn(css.split('@media')[part]));
    const shared = Object.entries(ours ?? {}).filter(([name]) => !onlyHere.includes(name));
    expect(shared.length).toBeGreaterThan(10);
    for (const [name, colour] of shared) {
      expect(colour, name).toBe(theirs?.[names[name] ?? name]);
    }
  });

  it('has the font, corners and motion of the login page', () => {
    const globals = readFileSync('app/globals.css', 'utf8');
    for (const name of ['font', 'radius', 'radius-large', 'motion-short']) {
      const [ours, theirs] = [ownCss, globals].map((css) => valueIn(css, name));
      expect(ours).toBeDefined();
      expect(ours, name).toBe(theirs);
    }
  });
});

function coloursIn(css = ''): Readonly<Record<string, string>> {
  const found = css.matchAll(/--(?:color-)?([\w-]+):\s*(#[0-9a-f]{6});/g);
  return Object.fromEntries([...found].map(([, name, colour]) => [name, colour]));
}

function valueIn(css: string, name: string): string | undefined {
  return new RegExp(`--${name}:\\s*([^;]+);`).exec(css)?.[1]?.replace(/\s+/g, ' ');
}
