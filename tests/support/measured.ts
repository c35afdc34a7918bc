import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { onTestFinished } from 'vitest';
import { measureWith } from '#lib/observe/metrics.ts';

/** A value of a metric: for a histogram, how many were recorded and their sum. */
export interface Series {
  name: string;
  labels: Readonly<Record<string, unknown>>;
  value: number | { count: number; sum: number | undefined };
}

/** Measures what this process does until the end of the test. @returns a function that reads every series. */
export function startMeasuring(): () => Promise<Series[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({ readers: [reader] });
  measureWith(meters.getMeter('test'));
  onTestFinished(async () => {
    measureWith(null);
    await meters.shutdown();
  });
  return async () => {
    exporter.reset();
    await reader.forceFlush();
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return scopes
      .flatMap((scope) => scope.metrics)
      .flatMap(({ descriptor: { name }, dataPoints }) =>
        dataPoints.map(({ attributes: labels, value }) => ({
          name,
          labels,
          value: typeof value === 'number' ? value : { count: value.count, sum: value.sum },
        })),
      );
  };
}
