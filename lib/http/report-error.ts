import 'server-only';
import { noteReported } from '../observe/console.ts';
import { requestIdHeader } from '../request-id.ts';
import { getApp } from '../services.ts';

/** What Next knows of a request that failed outside our own handlers: a page that could not be made. */
export interface FailedRequest {
  method: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As a pattern, `/call/[handoff]`: what a client put into the path is not told. */
  route: string;
}

/** Logs an error that reached Next, once. The digest is what the page was given of it. */
export function reportError(error: unknown, failed: FailedRequest): void {
  if (!noteReported(error)) {
    return;
  }
  const digest =
    error instanceof Error && 'digest' in error && typeof error.digest === 'string'
      ? error.digest
      : undefined;
  const { method, route } = failed;
  getApp().log.error(
    {
      request: failed.headers[requestIdHeader()],
      event: 'page_failed',
      method,
      route,
      digest,
      error,
    },
    'a page could not be made',
  );
}
