import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { isIPv6 } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createControlApi } from './control-api.ts';
import { createFaultQueue } from './faults.ts';
import { createRequestLog } from './request-log.ts';
import { createSandboxState } from './state.ts';
import { defaultSwitches, type Switches } from './switches.ts';
import { createTestPhone } from './test-phone.ts';
import { createVendorApi } from './vendor-api.ts';

/** How to run a sandbox. Every option has a default. */
export interface SandboxOptions extends Partial<Switches> {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default: any free port. */
  port?: number;
  /** Default `sandbox-key`. */
  apiKey?: string;
  /** How long a session lives. Default 300. */
  ttlSeconds?: number;
  /** PEM; makes the sandbox serve HTTPS. */
  tls?: { key: string; cert: string };
}

export interface Sandbox {
  /** The sandbox's origin. */
  url: string;
  /** Stops the sandbox and closes its open connections. */
  close(): Promise<void>;
}

/** Starts a sandbox. Rejects when it cannot listen. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const {
    host = '127.0.0.1',
    port = 0,
    apiKey = 'sandbox-key',
    ttlSeconds = 300,
    tls,
    ...switches
  } = options;
  const state = createSandboxState({ switches: { ...defaultSwitches, ...switches }, ttlSeconds });
  const faults = createFaultQueue();
  const requestLog = createRequestLog();

  const app = new Hono()
    .route('/', createTestPhone())
    .route('/_sandbox', createControlApi({ state, faults, requestLog }))
    .route('/', createVendorApi({ apiKey, state, faults, requestLog }));
  // Tests run the sandbox in their own process, where Request and Response must stay Node's.
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
