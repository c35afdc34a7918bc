import type { TestProject } from 'vitest/node';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from './app-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    appOrigin: string;
    databasePath: string;
    sandboxUrl: string;
  }
}

/** Starts one production server and one sandbox for all HTTP tests; each test uses its own phone number. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = await startSandbox();
  const app = await startAppServer(sandbox.url, {
    STATUS_WAIT_SECONDS: '3',
    PAUTH_TIMEOUT_MS: '1000',
    // Many tests make the vendor fail; the circuit must not stay open for the next one.
    PAUTH_BREAKER: '1000/1',
  });
  project.provide('appOrigin', app.origin);
  project.provide('databasePath', app.databasePath);
  project.provide('sandboxUrl', sandbox.url);
  return async () => {
    await app.stop();
    await sandbox.close();
  };
}
