import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { bytesOf, type Load, weigh } from './weigh.ts';

const script = gzipSync(`document.title = 'run'; // ${'x'.repeat(5_000)}`);
const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>';
const page = `<!doctype html><link rel="icon" href="data:,"><script src="/script.js"></script>
  <img src="/picture.svg" alt="" width="8" height="8"><p>Steady</p>`;
const shifting = `${page}<script>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    document.querySelector('p').style.marginTop = '300px';
    document.title = 'moved';
  }, 100)));
</script>`;

const server = createServer((request, response) => {
  switch (request.url) {
    case '/script.js':
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('content-type', 'text/javascript');
      response.end(script);
      break;
    case '/picture.svg':
      response.setHeader('content-type', 'image/svg+xml');
      response.end(picture);
      break;
    default:
      response.setHeader('content-type', 'text/html');
      response.end(request.url === '/shifting' ? shifting : page);
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

const executablePath = findChromium();
const browser = await chromium.launch({
  ...(executablePath === null ? {} : { executablePath }),
  args: [...chromiumArguments],
});
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

describe('weigh', () => {
  let load: Load;
  beforeAll(async () => {
    load = await weigh(browser, {}, async (visited) => {
      await visited.goto(`${origin}/`, { waitUntil: 'networkidle' });
    });
  });

  it('counts the compressed bytes of a script', () => {
    expect(bytesOf(load, 'script')).toBe(script.length);
    expect(load.resources.find(({ kind }) => kind === 'script')?.encoding).toBe('gzip');
  });

  it('counts the bytes of each kind, and of all', () => {
    expect(bytesOf(load, 'image')).toBe(picture.length);
    expect(bytesOf(load, 'font')).toBe(0);
    expect(bytesOf(load)).toBe(script.length + picture.length + page.length);
  });

  it('measures no layout shift on a stable page', () => {
    expect(load.layoutShift).toBe(0);
  });

  it('measures a layout shift', async () => {
    const { layoutShift } = await weigh(browser, {}, async (visited) => {
      await visited.goto(`${origin}/shifting`);
      await visited.waitForFunction(() => document.title === 'moved');
    });
    expect(layoutShift).toBeGreaterThan(0);
  });
});
