import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource } from '@opentelemetry/resources';
import type { Config } from '#lib/config/config.ts';
import { type Finding, ok, reasonOf, warn } from './finding.ts';

const TIMEOUT_MS = 3_000;

/**
 * Asks for the headers of WEBHOOK_URL, which shows name, port and certificate, and is no event: whatever is sent as
 * one, the receiver may act on. Null where no webhook is set.
 */
export async function checkWebhook({ webhook }: Config): Promise<Finding | null> {
  if (webhook === null) {
    return null;
  }
  const { url } = webhook;
  // The path may be a secret.
  const name = `WEBHOOK_URL (${url.origin})`;
  try {
    const { status } = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (status >= 300 && status < 400) {
      return warn(
        'webhook',
        `${name} redirects (${status}), and no event is sent where it leads.`,
        'Set WEBHOOK_URL to the address that takes the events.',
      );
    }
    return ok(
      'webhook',
      `${name} answers. Whether it takes events, only an event shows: webhook_failed in the log if not.`,
    );
  } catch (error) {
    return warn(
      'webhook',
      `${name} cannot be reached from this machine: ${reasonOf(error)}. Events wait for three days, and are then given up.`,
      'Check WEBHOOK_URL, the name server and the firewall for outgoing requests, and start the receiver.',
    );
  }
}

/**
 * Sends no metric and no trace to the collector, with the headers and certificates of `OTEL_EXPORTER_OTLP_…` in this
 * process's environment, which OpenTelemetry reads itself. Null where there is no collector.
 */
export async function checkTelemetry({ telemetry }: Config): Promise<Finding | null> {
  const { otlpEndpoint, metricsExporter, tracesExporter } = telemetry;
  if (otlpEndpoint === null) {
    return null;
  }
  const settings = { timeoutMillis: TIMEOUT_MS };
  const sent = await Promise.all([
    metricsExporter === 'none'
      ? null
      : exportNothing(new OTLPMetricExporter(settings), {
          resource: defaultResource(),
          scopeMetrics: [],
        }),
    tracesExporter === 'none' ? null : exportNothing(new OTLPTraceExporter(settings), []),
  ]);
  const error = sent.find((failure) => failure !== null) ?? null;
  const name = `OTEL_EXPORTER_OTLP_ENDPOINT (${otlpEndpoint.origin})`;
  return error === null
    ? ok('telemetry', `${name} takes what is sent.`)
    : warn(
        'telemetry',
        `${name} does not take what is sent: ${reasonOf(error)}. Nobody is kept out by that, and nothing is measured.`,
        'Check OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and the collector, which must speak OTLP over HTTP, usually on port 4318.',
      );
}

/** @returns why it was not taken, or null. */
async function exportNothing<Nothing>(
  exporter: {
    export(nothing: Nothing, done: (result: { error?: Error; code: number }) => void): void;
    shutdown(): Promise<void>;
  },
  nothing: Nothing,
): Promise<Error | null> {
  try {
    const { code, error } = await new Promise<{ code: number; error?: Error }>((done) => {
      exporter.export(nothing, done);
    });
    return code === 0 ? null : (error ?? new Error(`result ${code}`));
  } finally {
    await exporter.shutdown();
  }
}
