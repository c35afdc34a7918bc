import { randomUUID } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { startSandbox } from '#sandbox/server.ts';
import { NEXT_START } from '#scripts/start-command.ts';
import { startAppServer } from '#tests/support/app-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The same code, by host: first `server/`, then those that must answer as it does. */
    hosts: Readonly<Record<string, string>>;
    contractSandboxUrl: string;
    contractCronSecret: string;
  }
}

/** The environment of every host that is compared. */
export const contractEnv = (cronSecret: string) => ({
  CRON_SECRET: cronSecret,
  STATUS_WAIT_SECONDS: '20',
  PAUTH_TIMEOUT_MS: '1000',
  PAUTH_BREAKER: '1000/1',
});

/** One build on both hosts, each with a database of its own, and one sandbox for both. */
export default async function startHosts(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = await startSandbox();
  const cronSecret = randomUUID();
  const env = contractEnv(cronSecret);
  const [node, next] = await Promise.all([
    startAppServer(sandbox.url, env),
    startAppServer(sandbox.url, env, { startArguments: NEXT_START }),
  ]);
  project.provide('hosts', { node: node.origin, next: next.origin });
  project.provide('contractSandboxUrl', sandbox.url);
  project.provide('contractCronSecret', cronSecret);
  return async () => {
    await Promise.all([node.stop(), next.stop()]);
    await sandbox.close();
  };
}
