import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { isIPv6 } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { controlApi } from './control-api.ts';
import { Faults } from './faults.ts';
import { RequestLog } from './request-log.ts';
import { SandboxState } from './state.ts';
import { defaultSwitches, type Switches } from './switches.ts';
import { testPhone } from './test-phone.ts';
import { vendorApi } from './vendor-api.ts';

/** How to run a sandbox; everything has a default, and the port's is any free one. */
export type SandboxOptions = Partial<Switches> & {
  host?: string;
  port?: number;
  apiKey?: string;
  /** How long a session lives. Default 300. */
  ttlSeconds?: number;
  /** PEM. With it the sandbox speaks HTTPS. */
  tls?: { key: string; cert: string };
};

/** A running sandbox. `url` is its origin; `close` cuts its open connections. */
export type Sandbox = { url: string; close(): Promise<void> };

/** Starts a sandbox; rejects when it cannot listen. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const {
    host = '127.0.0.1',
    port = 0,
    apiKey = 'sandbox-key',
    ttlSeconds = 300,
    tls,
    ...switches
  } = options;
  const state = new SandboxState({ switches: { ...defaultSwitches, ...switches }, ttlSeconds });
  const faults = new Faults();
  const requestLog = new RequestLog();

  const app = new Hono()
    .route('/', testPhone())
    .route('/_sandbox', controlApi({ state, faults, requestLog }))
    .route('/', vendorApi({ apiKey, state, faults, requestLog }));
  // Tests run it in their own process, where Request and Response must stay Node's.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);

  server.listen(port, host);
  await once(server, 'listening');

  const address = server.address();
  const boundPort = typeof address === 'object' && address ? address.port : port;
  const boundHost = isIPv6(host) ? `[${host}]` : host;
  return {
    url: `${tls ? 'https' : 'http'}://${boundHost}:${boundPort}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
