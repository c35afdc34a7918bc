import { createServer } from 'node:http';
import nextEnv from '@next/env';
import { boot } from '#lib/boot.ts';
import { createNodeHostServices } from '#lib/services.ts';
import { createAdmission } from './admission.ts';
import { createApi } from './api.ts';
import { createConnections } from './connections.ts';
import { createListener } from './listener.ts';
import { preparePages } from './pages.ts';
import { createBackgroundTasks, shutDownOnSignals } from './shutdown.ts';

/** How long a request's headers may take to arrive, and all of it, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** Boots the process, listens, and serves until a signal ends it. */
export async function run(): Promise<void> {
  nextEnv.loadEnvConfig('.');
  const services = await boot(createNodeHostServices);
  const connections = createConnections(services);
  const tasks = createBackgroundTasks();
  const listener = createListener({
    services,
    connections,
    api: createApi(services, createAdmission(services.config.pauth.maxInFlight), tasks),
    pages: await preparePages(),
  });
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    listener,
  );
  connections.follow(server);
  shutDownOnSignals({ server, services, connections, tasks });
  server.on('error', (error) => {
    process.stderr.write(`The server cannot listen: ${error.message}\n`);
    process.exit(1);
  });
  const { PORT: port = '3000', HOSTNAME: hostname = '' } = process.env;
  server.listen(Number(port), hostname === '' ? '0.0.0.0' : hostname, () => {
    const bound = server.address();
    const { address, port } = typeof bound === 'object' && bound !== null ? bound : {};
    services.log.info({ event: 'listening', address, port }, 'ready');
  });
}
