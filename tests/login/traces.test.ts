import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { handleCallback } from '#lib/login/callback.ts';
import { referenceOf } from '#lib/observe/log.ts';
import { traced, traceWith } from '#lib/observe/trace.ts';
import { guardPauthClient } from '#lib/pauth/guarded-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { openLogin } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Traces what this process does until the end of the test. @returns a function that reads the ended spans. */
function startTracing(): () => ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  traceWith(provider.getTracer('test'));
  onTestFinished(() => traceWith(null));
  return () => exporter.getFinishedSpans();
}

/** `name outcome`, below that of the parent if it has one. */
function pathsOf(spans: readonly ReadableSpan[]): string[] {
  return spans.map(({ name, attributes, parentSpanContext }) => {
    const parent = spans.find(
      (span) => span.spanContext().spanId === parentSpanContext?.spanId,
    )?.name;
    return `${parent === undefined ? '' : `${parent} / `}${name} ${attributes.outcome}`;
  });
}

describe('the traces of a login', () => {
  it('show start, callback, check and poll, and the requests to the vendor within them', async () => {
    const spans = startTracing();
    const login = await openLogin(sandbox);
    login.deps.pauth = guardPauthClient(login.deps.pauth, {
      breaker: { count: 5, seconds: 10 },
      maxInFlight: 5,
      timeoutMs: 1_000,
    });
    const started = await login.start();
    const held = login.poll(started, 25_000);
    await expect.poll(() => login.deps.notifications.hasSubscribers(), { interval: 5 }).toBe(true);
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await held).toMatchObject({ status: 'completed' });

    expect(pathsOf(spans())).toEqual([
      'attempt.start / vendor.create ok',
      'attempt.start pending',
      'attempt.poll held',
      'attempt.check / vendor.check ok',
      'attempt.callback / attempt.check changed',
      'attempt.callback checked',
      'attempt.poll completed',
    ]);
    const attempt = referenceOf(started.attempt.id);
    for (const { name, attributes } of spans()) {
      const { outcome: _, ...others } = attributes;
      expect(others).toEqual(name.startsWith('vendor.') ? {} : { attempt });
    }
  });

  it('say of an exception nothing but that there was one', async () => {
    const spans = startTracing();
    const failing = traced(
      'attempt.poll',
      async () => {
        throw new Error('the number +81 90 1234 5678');
      },
      () => 'pending',
    );
    await expect(failing).rejects.toThrow();
    expect(spans()).toMatchObject([{ status: { code: 2 }, events: [], attributes: {} }]);
  });
});
