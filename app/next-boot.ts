import 'server-only';
import type { Instrumentation } from 'next';
import { boot } from '#lib/boot.ts';
import { requestIdOf } from '#lib/http/request-context.ts';
import { markReported } from '#lib/observe/console.ts';
import { stopTelemetry } from '#lib/observe/telemetry.ts';
import { getServices, stopServices } from '#lib/services.ts';

/** Boots the process where Next is its host. */
export async function bootInNext(): Promise<void> {
  const services = await boot(getServices);
  const { trustedProxy } = services.config.app;
  if ('hops' in trustedProxy && trustedProxy.hops === 0 && !services.config.pauth.isSandbox) {
    services.log.warn(
      { event: 'client_address_unknown' },
      'Next does not tell the address of a client, so all share the limits of one network: ' +
        'set TRUSTED_PROXY to what stands in front, or use npm start',
    );
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Next waits for the answers under way: held polls would keep it for half a minute.
    process.once(signal, () => {
      stopServices(services);
      void stopTelemetry();
    });
  }
}

/** Logs, once, an error that a page threw. `digest` is what the page shows of it. */
export function reportPageError(
  error: unknown,
  { method, headers }: Parameters<Instrumentation.onRequestError>[1],
  route: string,
): void {
  if (!markReported(error)) {
    return;
  }
  const digest =
    error instanceof Error && 'digest' in error && typeof error.digest === 'string'
      ? error.digest
      : undefined;
  const services = getServices();
  const request = requestIdOf(services, { get: (name) => headers[name]?.toString() ?? null });
  services.log.error(
    { request, event: 'page_failed', method, route, digest, error },
    'a page could not be rendered',
  );
}
