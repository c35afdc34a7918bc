import { onTestFinished } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from './app-server.ts';
import { randomPhoneNumber, Visitor } from './visitor.ts';

/** A site for one test: servers with the same origin, as behind a load balancer. */
export interface Deployment {
  vendor: ControlClient;
  /** The address of the sandbox. */
  vendorUrl: string;
  /** Adds a server, optionally of another build. Callbacks go to the first server. */
  add(folder?: string): Promise<AppServer>;
}

export async function deploy(env: Readonly<Record<string, string>>): Promise<Deployment> {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  let origin: string | undefined;
  return {
    vendor: createControlClient(sandbox.url),
    vendorUrl: sandbox.url,
    async add(folder) {
      const appEnv = { ...env, ...(origin === undefined ? {} : { APP_ORIGIN: origin }) };
      const app = await startAppServer(sandbox.url, appEnv, { folder });
      origin ??= app.origin;
      onTestFinished(() => app.stop('SIGKILL'));
      return app;
    },
  };
}

/** Starts an attempt at a server. @returns its visitor, phone number and number to call. */
export async function startAt(app: AppServer) {
  const visitor = new Visitor(app.origin);
  const phoneNumber = randomPhoneNumber();
  const response = await visitor.start(phoneNumber);
  const { call_number: callNumber } = attemptViewSchema.parse(await response.json());
  return { visitor, phoneNumber, callNumber };
}
