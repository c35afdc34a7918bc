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
])('serves %s under a strict policy', async (path, type) => {
  const response = await fetch(sandbox.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(await response.text()).not.toBe('');
});

it('serves nothing else of its folder', async () => {
  for (const path of ['/index.html', '/../server.ts', '/test-phone/', '/test-phone.ts']) {
    expect((await fetch(sandbox.url + path)).status).toBe(404);
  }
});

it('asks for nothing that is not served, and for nothing of anybody else', async () => {
  const page = await (await fetch(sandbox.url)).text();
  const scripts = await Promise.all(
    ['main', 'phone', 'vendor', 'outcome', 'control'].map(
      async (name) => await (await fetch(`${sandbox.url}/${name}.js`)).text(),
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

describe('the family of the login page', () => {
  const ownCss = readFileSync('sandbox/test-phone/page.css', 'utf8');
  const theme = readFileSync('app/theme.css', 'utf8');
  /** What the test phone calls by other names. */
  const names: Readonly<Record<string, string>> = { quiet: 'text-quiet' };
  /** What it has and the login page has not: the body of a phone, its keys, and two shades. */
  const onlyHere = ['problem-soft', 'notice-text', 'frame', 'key', 'key-pressed'];

  it.each([
    ['light', 0],
    ['dark', 1],
  ])('has the same %s colours', (_theme, part) => {
    const [own, its] = [ownCss, theme].map((css) => coloursIn(css.split('@media')[part]));
    const shared = Object.entries(own ?? {}).filter(([name]) => !onlyHere.includes(name));
    expect(shared.length).toBeGreaterThan(10);
    for (const [name, colour] of shared) {
      expect(colour, name).toBe(its?.[names[name] ?? name]);
    }
  });

  it('has the same type, corners and motion', () => {
    const globals = readFileSync('app/globals.css', 'utf8');
    for (const name of ['font', 'radius', 'radius-large', 'motion-short']) {
      const [own, its] = [ownCss, globals].map((css) => valueIn(css, name));
      expect(own).toBeDefined();
      expect(own, name).toBe(its);
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
