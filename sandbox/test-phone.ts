import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';

const folder = new URL('./test-phone/', import.meta.url);
const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const files = [
  { path: '/', name: 'index.html', type: types.html },
  { path: '/test-phone.svg', name: 'test-phone.svg', type: types.svg },
  ...['page', 'phone', 'vendor'].map((name) => ({
    path: `/${name}.css`,
    name: `${name}.css`,
    type: types.css,
  })),
  ...['control', 'main', 'numbers', 'outcome', 'page', 'phone', 'vendor', 'words'].map((name) => ({
    path: `/${name}.js`,
    name: `${name}.js`,
    type: types.js,
  })),
];

/** The simulated phone: a page that places calls through the control surface. */
export function testPhone(): Hono {
  const app = new Hono();
  for (const { path, name, type } of files) {
    app.get(path, async (c) =>
      c.body(await readFile(new URL(name, folder)), 200, {
        'Content-Type': type,
        'Content-Security-Policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        'Cache-Control': 'no-cache',
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      }),
    );
  }
  return app;
}
