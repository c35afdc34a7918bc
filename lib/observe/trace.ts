import 'server-only';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { AttemptState } from '../shared/attempt-states.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { referenceOf } from './log.ts';
import type { CallbackResult, VendorOutcome } from './metrics.ts';

/** What is traced. The names are stable: dashboards depend on them. */
type SpanName =
  | 'attempt.start'
  | 'attempt.poll'
  | 'attempt.check'
  | 'attempt.callback'
  | 'vendor.create'
  | 'vendor.check';

/** How it ended: a constant, as in the labels of metrics. */
export type SpanOutcome =
  | AttemptState
  | ErrorCode
  | CallbackResult
  | VendorOutcome
  | 'held'
  | 'missing'
  | 'trouble'
  | 'changed'
  | 'not_due';

/** Tells the span which attempt it is about; its reference is the one of the log. */
type About = (attemptId: string) => void;

interface Tracing {
  tracer: Tracer;
  /** The current span, the parent of one that begins. */
  context: AsyncLocalStorage<Context>;
}

declare global {
  /** Undefined where nothing is traced. Global because Next bundles boot and routes separately. */
  var callLoginTracing: Tracing | undefined;
}

/** Starts tracing in this process. @param tracer null stops it. */
export function traceWith(tracer: Tracer | null): void {
  globalThis.callLoginTracing =
    tracer === null ? undefined : { tracer, context: new AsyncLocalStorage() };
}

/**
 * Runs some work within a span, a child of the current one. Attributes are `outcome` and
 * `attempt` alone: no phone number, user, address or token, and of an exception not even its message.
 *
 * @param outcomeOf what the result of the work counts as.
 */
export function traced<T>(
  name: SpanName,
  work: (about: About) => Promise<T>,
  outcomeOf: (result: T) => SpanOutcome,
): Promise<T> {
  const tracing = globalThis.callLoginTracing;
  return tracing === undefined ? work(() => {}) : withSpan(tracing, name, work, outcomeOf);
}

async function withSpan<T>(
  { tracer, context }: Tracing,
  name: SpanName,
  work: (about: About) => Promise<T>,
  outcomeOf: (result: T) => SpanOutcome,
): Promise<T> {
  const parent = context.getStore() ?? ROOT_CONTEXT;
  const kind = name.startsWith('vendor.') ? SpanKind.CLIENT : SpanKind.INTERNAL;
  const span = tracer.startSpan(name, { kind }, parent);
  try {
    const result = await context.run(
      trace.setSpan(parent, span),
      async () =>
        await work((attemptId) => void span.setAttribute('attempt', referenceOf(attemptId))),
    );
    span.setAttribute('outcome', outcomeOf(result));
    return result;
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
