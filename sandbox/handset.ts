import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';

const folder = new URL('./handset/', import.meta.url);
const files = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/handset.css': { name: 'handset.css', type: 'text/css; charset=utf-8' },
  '/handset.js': { name: 'handset.js', type: 'text/javascript; charset=utf-8' },
  '/handset.svg': { name: 'handset.svg', type: 'image/svg+xml' },
};

/** The simulated phone: a page that places calls through the control surface. */
export function handset(): Hono {
  const app = new Hono();
  for (const [path, { name, type }] of Object.entries(files)) {
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
