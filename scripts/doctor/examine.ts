import { readConfig } from '#lib/config/config.ts';
import type { Finding } from './finding.ts';
import { checkTelemetry, checkWebhook } from './outgoing.ts';
import { checkProxy } from './proxy.ts';
import { checkConfiguration, checkNode, checkSecrets, reportFaults } from './settings.ts';
import { checkSite } from './site.ts';
import { checkRedis, checkStore } from './store.ts';
import { checkClock, checkVendor } from './vendor.ts';

/**
 * Examines an environment as the server would read it, in the order of `Check`. A configuration that boot
 * refuses ends the examination: nothing else is known then.
 *
 * @param options.isConfigOnly sends nothing and opens no database.
 */
export async function examine(
  environment: Readonly<Record<string, string | undefined>>,
  options: { isConfigOnly: boolean },
): Promise<Finding[]> {
  const node = checkNode(process.versions.node);
  const read = readConfig(environment);
  if (!read.ok) {
    return [node, ...reportFaults(read.error)];
  }
  const config = read.value;
  const settings = [node, checkConfiguration(environment), checkSecrets(config)];
  if (options.isConfigOnly) {
    return [...settings, checkProxy(config.app.trustedProxy, environment, null)];
  }
  const others = await Promise.all([
    checkStore(config),
    checkRedis(config),
    checkWebhook(config),
    checkTelemetry(config),
    checkVendor(config),
    checkClock(config),
    checkSite(config, environment),
  ]);
  return [...settings, ...others.flat().filter((finding) => finding !== null)];
}
