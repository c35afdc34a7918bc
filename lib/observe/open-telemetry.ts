import 'server-only';
import { diag } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { type Log, redact } from './log.ts';
import { measureWith } from './metrics.ts';
import type { ThrottledLog } from './throttled-log.ts';

/** Where metrics go, as configured; nowhere by default. */
export interface TelemetryTargets {
  /** The port that answers Prometheus, and the address it listens on; null for none. */
  metricsPort: number | null;
  metricsHost: string;
  /** The collector that is sent to over OTLP; null for none. */
  otlpEndpoint: URL | null;
  metricsExporter: 'otlp' | 'none';
  metricExportIntervalMs: number;
}

/** Where it is said that something goes wrong with that. */
export interface TelemetryLogs {
  log: Log;
  throttledLog: ThrottledLog;
}

/** The name of what records, and of the service where `OTEL_SERVICE_NAME` names none. */
const NAME = 'call-login';

/**
 * Connects the metrics to their targets through OpenTelemetry's SDK. The providers are not registered
 * globally: Next would then send spans of its own, with addresses in them that contain tokens.
 *
 * @returns a function that sends what is left and ends it.
 * @throws an error that names METRICS_PORT where its port cannot be listened on.
 */
export async function startOpenTelemetry(
  targets: TelemetryTargets,
  logs: TelemetryLogs,
): Promise<() => Promise<void>> {
  reportTo(logs);
  // The later ones win.
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': NAME }))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
  const readers = [];
  if (targets.metricsPort !== null) {
    readers.push(await listen(targets.metricsHost, targets.metricsPort));
  }
  if (targets.otlpEndpoint !== null && targets.metricsExporter === 'otlp') {
    const exportIntervalMillis = targets.metricExportIntervalMs;
    readers.push(
      new PeriodicExportingMetricReader({
        // Reads OTEL_EXPORTER_OTLP_… itself.
        exporter: new OTLPMetricExporter(),
        exportIntervalMillis,
        exportTimeoutMillis: Math.min(exportIntervalMillis, 30_000),
      }),
    );
  }
  const meters = new MeterProvider({ resource, readers });
  measureWith(readers.length > 0 ? meters.getMeter(NAME) : null);
  return async () => await meters.shutdown();
}

/** Answers Prometheus on a port of its own, which the site's port and proxy do not lead to. */
async function listen(host: string, port: number): Promise<PrometheusExporter> {
  const exporter = new PrometheusExporter({
    host,
    port,
    preventServerStart: true,
    withoutScopeInfo: true,
  });
  try {
    await exporter.startServer();
    return exporter;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(
      `METRICS_PORT is ${port} and METRICS_HOST is ${host}, but the metrics cannot be served there: ${cause}. ` +
        'Choose a free port, another one for each process on a machine.',
    );
  }
}

/** Logs what goes wrong inside the SDK, such as a collector that does not answer. */
function reportTo({ log, throttledLog }: TelemetryLogs): void {
  const report = (message: string) =>
    throttledLog(log, 'warn', {
      kind: 'telemetry',
      entry: { event: 'telemetry_failed', detail: redact(message) },
      message: 'metrics were not sent: check OTEL_EXPORTER_OTLP_ENDPOINT and the collector',
      maxPerMinute: 1,
    });
  const ignore = () => {};
  diag.setLogger({ error: report, warn: report, info: ignore, debug: ignore, verbose: ignore });
}
