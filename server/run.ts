import { createServer } from 'node:http';
import nextEnv from '@next/env';
import { boot } from '#lib/boot.ts';
import { createNodeHostServices } from '#lib/services.ts';
import { createAdmission } from './admission.ts';
import { createApi } from './api.ts';
import { readArguments } from './arguments.ts';
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
  const given = readArguments(process.argv.slice(2));
  if (!given.ok) {
    exitWith(given.error);
  }
  Object.assign(process.env, given.value);
  const services = await boot(createNodeHostServices);
  const { port, listenAddress, keepAliveSeconds } = services.config.server;
  const connections = createConnections(services);
  const tasks = createBackgroundTasks();
  const listener = createListener({
    services,
    connections,
    answerApi: createApi(services, createAdmission(services.config.pauth.maxInFlight), tasks),
    answerPage: await preparePages(),
  });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: keepAliveSeconds * 1_000,
    },
    listener,
  );
  connections.follow(server);
  shutDownOnSignals({ server, services, connections, tasks });
  server.on('error', (error) => {
    exitWith(
      `The server cannot listen on port ${port} of ${listenAddress}: ${error.message}.\n` +
        'Set PORT to a free port, from 1024 on unless the server may use lower ones, and LISTEN_ADDRESS to an address of this machine.',
    );
  });
  server.listen(port, listenAddress, () => {
    const bound = server.address();
    const { address, port } = typeof bound === 'object' && bound !== null ? bound : {};
    services.log.info({ event: 'listening', address, port }, 'ready');
  });
}

function exitWith(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
