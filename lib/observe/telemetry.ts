import 'server-only';
import type { TelemetryLogs, TelemetryTargets } from './open-telemetry.ts';

declare global {
  /** Sends what is left and stops. Global because Next bundles boot and shutdown separately. */
  var callLoginStopTelemetry: (() => Promise<void>) | undefined;
}

/**
 * Starts metrics and traces, if any target is configured. OpenTelemetry's SDK is loaded only then, which keeps cold
 * starts short.
 *
 * @throws an error that names METRICS_PORT where its port cannot be listened on.
 */
export async function startTelemetry(
  targets: TelemetryTargets,
  logs: TelemetryLogs,
): Promise<void> {
  if (targets.metricsPort !== null || targets.otlpEndpoint !== null) {
    const { startOpenTelemetry } = await import('./open-telemetry.ts');
    globalThis.callLoginStopTelemetry = await startOpenTelemetry(targets, logs);
  }
}

/** How long the last data may take to be sent when the process ends. */
const STOP_TIMEOUT_MS = 2_000;

/** Sends what has not been sent yet. Never fails, and takes two seconds at most. */
export async function stopTelemetry(): Promise<void> {
  const stop = globalThis.callLoginStopTelemetry;
  globalThis.callLoginStopTelemetry = undefined;
  if (stop !== undefined) {
    const timeout = new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
    await Promise.race([stop().catch(() => {}), timeout]);
  }
}
