import 'server-only';
import { diag } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Log, redact } from './log.ts';
import { measureWith } from './metrics.ts';
import type { ThrottledLog } from './throttled-log.ts';
import { traceWith } from './trace.ts';

/** Where metrics and traces go, as configured; nowhere by default. */
export interface TelemetryTargets {
  /** The port that answers Prometheus, and the address it listens on; null for none. */
  metricsPort: number | null;
  metricsHost: string;
  /** The collector that is sent to over OTLP; null for none. */
  otlpEndpoint: URL | null;
  metricsExporter: 'otlp' | 'none';
  metricExportIntervalMs: number;
  tracesExporter: 'otlp' | 'none';
  /** The share of traces that is sent, 0 to 1. */
  traceShare: number;
}

/** Where failures of the exporters are logged. */
export interface TelemetryLogs {
  log: Log;
  throttledLog: ThrottledLog;
}

/** The name of what records, and of the service where `OTEL_SERVICE_NAME` names none. */
const NAME = 'call-login';

/**
 * Connects metrics and traces to their targets through OpenTelemetry's SDK. The providers are not registered
 * globally: Next would then send spans of its own, with addresses in them that contain tokens.
 *
 * @returns a function that sends what is left and stops.
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
  const traces =
    targets.otlpEndpoint !== null && targets.tracesExporter === 'otlp'
      ? new TracerProvider({
          resource,
          sampler: new ParentBasedSampler({
            root: new TraceIdRatioBasedSampler(targets.traceShare),
          }),
          spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
        })
      : null;
  traceWith(traces?.getTracer(NAME) ?? null);
  return async () => {
    await Promise.allSettled([meters.shutdown(), traces?.shutdown()]);
  };
}

/** Serves Prometheus on a separate port, which the site's port and proxy do not expose. */
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

/** Logs failures inside the SDK, such as a collector that does not answer. */
function reportTo({ log, throttledLog }: TelemetryLogs): void {
  const report = (message: string) =>
    throttledLog(log, 'warn', {
      kind: 'telemetry',
      entry: { event: 'telemetry_failed', detail: redact(message) },
      message:
        'metrics or traces were not sent: check OTEL_EXPORTER_OTLP_ENDPOINT and the collector',
      maxPerMinute: 1,
    });
  const ignore = () => {};
  diag.setLogger({ error: report, warn: report, info: ignore, debug: ignore, verbose: ignore });
}
