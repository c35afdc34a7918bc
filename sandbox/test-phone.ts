import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';

const folder = new URL('./test-phone/', import.meta.url);
const scripts = ['control', 'main', 'numbers', 'outcome', 'page', 'phone', 'vendor', 'words'];
const served = [
  { type: 'text/html; charset=utf-8', files: ['index.html'] },
  { type: 'text/css; charset=utf-8', files: ['page.css', 'phone.css', 'vendor.css'] },
  { type: 'text/javascript; charset=utf-8', files: scripts.map((name) => `${name}.js`) },
  { type: 'image/svg+xml', files: ['test-phone.svg'] },
];

/** The test phone: a page that places calls through the control surface. */
export function createTestPhone(): Hono {
  const app = new Hono();
  for (const { type, files } of served) {
    for (const file of files) {
      app.get(file === 'index.html' ? '/' : `/${file}`, async (c) =>
        c.body(await readFile(new URL(file, folder)), 200, {
          'Content-Type': type,
          'Content-Security-Policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
          'Cache-Control': 'no-cache',
          'X-Content-Type-Options': 'nosniff',
          'Referrer-Policy': 'no-referrer',
        }),
      );
    }
  }
  return app;
}
