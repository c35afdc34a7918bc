import { onTestFinished } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from './app-server.ts';
import { randomPhoneNumber, Visitor } from './visitor.ts';

/** A site of a test's own: servers of one origin, as they stand behind one load balancer. */
export interface Deployment {
  vendor: ControlClient;
  /** Where those controls are. */
  vendorUrl: string;
  /** Adds a server, of another build if it names one. The vendor calls back the first one alone. */
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

/** Somebody who has started an attempt at a server, and the number to call. */
export async function startAt(app: AppServer) {
  const visitor = new Visitor(app.origin);
  const phoneNumber = randomPhoneNumber();
  const response = await visitor.start(phoneNumber);
  const { call_number: callNumber } = attemptViewSchema.parse(await response.json());
  return { visitor, phoneNumber, callNumber };
}
