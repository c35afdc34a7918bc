import { findFreePort } from '#scripts/processes.ts';
import { TEST_SECRET } from './app-server.ts';
import { type Instance, startInstance } from './vercel.ts';
import { type EdgeOptions, startEdge } from './vercel-edge.ts';

/** A deployment on Vercel, as its command has built it. */
export interface VercelSite {
  origin: string;
  /** What all instances have printed. */
  output(): string;
  close(): Promise<void>;
}

/** The environment of a deployment whose vendor is the sandbox. */
export const vercelEnv = (origin: string, sandboxUrl: string, databaseUrl: string) => ({
  VERCEL_ENV: 'production',
  APP_ORIGIN: origin,
  SESSION_SECRET: TEST_SECRET,
  PAUTH_API_KEY: 'sandbox-key',
  PAUTH_BASE_URL: sandboxUrl,
  DATABASE_URL: databaseUrl,
});

/**
 * Starts a site whose functions start with their first request, one instance each.
 *
 * @param folder where `vercel build` was run.
 * @param env added to the required variables.
 */
export async function startVercelSite(
  folder: string,
  { sandboxUrl, databaseUrl }: { sandboxUrl: string; databaseUrl: string },
  env: Readonly<Record<string, string>> = {},
  { clientOf }: Pick<EdgeOptions, 'clientOf'> = {},
): Promise<VercelSite> {
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const instances = new Map<string, Promise<Instance>>();
  const outputs: (() => string)[] = [];
  const start = async (name: string) => {
    const instance = await startInstance(folder, name, {
      ...vercelEnv(origin, sandboxUrl, databaseUrl),
      ...env,
    });
    outputs.push(instance.output);
    return instance;
  };
  const edge = await startEdge({
    port,
    folder,
    ...(clientOf === undefined ? {} : { clientOf }),
    instanceOf(name) {
      const instance = instances.get(name) ?? start(name);
      instances.set(name, instance);
      return instance;
    },
  });
  return {
    origin,
    output: () => outputs.map((output) => output()).join(''),
    async close() {
      edge.close();
      const started = await Promise.allSettled(instances.values());
      await Promise.all(
        started.map(async (each) => {
          await (each.status === 'fulfilled' ? each.value.stop('SIGKILL') : undefined);
        }),
      );
    },
  };
}
