import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { findFreePort } from './processes.ts';

const listenOn = async (port: number) => {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(port);
  await once(server, 'listening');
  return server;
};

it('a free port is one that the system gives to nobody else until a server listens on it', async () => {
  const found: number[] = [];
  while (found.length < 100) {
    found.push(await findFreePort());
  }
  for (let count = 0; count < 2_000; count += 1) {
    const address = (await listenOn(0)).address();
    expect(found).not.toContain(typeof address === 'object' ? address?.port : null);
  }
  for (const port of found) {
    await listenOn(port);
  }
});

it('a free port is the preferred one unless something listens there', async () => {
  const preferred = await findFreePort();
  expect(await findFreePort(preferred)).toBe(preferred);
  await listenOn(preferred);
  expect(await findFreePort(preferred)).not.toBe(preferred);
});
