import 'server-only';
import { findPlatformProxy, ignoresProxy, loadConfig } from './config/config.ts';
import { captureConsole } from './observe/console.ts';
import { type Services, startServices } from './services.ts';
import { describeStoreFailure } from './store/describe-failure.ts';
import { isStoreFailure } from './store/failure.ts';

/**
 * Creates and starts the services of a process, or prints why that is impossible and ends the process:
 * one that cannot log anybody in must not take requests.
 *
 * @param create throws where the configuration is wrong.
 */
export async function boot(create: () => Services): Promise<Services> {
  try {
    const services = create();
    await startServices(services);
    if (ignoresProxy()) {
      services.log.warn(
        { event: 'proxy_ignored' },
        'HTTPS_PROXY is set, but Node uses it for requests to the vendor only with NODE_USE_ENV_PROXY=1',
      );
    }
    const platform = findPlatformProxy();
    if (platform !== null) {
      const { variable, trustedProxy } = platform;
      services.log.info(
        { event: 'proxy_trusted', variable, trustedProxy },
        `${variable} is set, so TRUSTED_PROXY is ${trustedProxy} unless it is set to something else`,
      );
    }
    // biome-ignore lint/style/noProcessEnv: the bundler's own constant; developers read the plain console.
    if (process.env.NODE_ENV === 'production') {
      captureConsole(services.log, services.throttledLog);
    }
    return services;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (isStoreFailure(error)) {
    // Only a configuration without faults gets as far as to a database.
    return describeStoreFailure(error, loadConfig().store);
  }
  return error instanceof Error ? error.message : String(error);
}
