import 'server-only';
import type { ErrorCode } from '../shared/error-codes.ts';
import { isStoreFailure } from '../store/failure.ts';
import type { Problem } from './problems.ts';
import type { RequestContext } from './request-context.ts';

/** Which route a request came to, as its pattern: what a client put into the path is not logged. */
interface RequestPlace {
  method: string;
  route: string;
}

/** Refusals that no page of ours causes: somebody probes, or a client is broken. */
const suspicious: ReadonlySet<ErrorCode> = new Set([
  'request_cross_origin',
  'request_wrong_method',
  'request_not_json',
  'request_incomplete',
  'request_too_large',
  'request_invalid',
  'rate_limited',
  'session_missing',
  'session_limited',
  'passkey_refused',
  'cron_refused',
]);

/**
 * Logs a refusal, if our own pages cause none like it.
 *
 * @param reason the cause within this server, if the code does not name it.
 */
export function reportRefusal(
  { services, log, client }: RequestContext,
  problem: Problem,
  place: RequestPlace,
  reason?: 'admission_queue_full',
): void {
  const { code } = problem;
  if (!suspicious.has(code) && reason === undefined) {
    return;
  }
  const limit = 'limit' in problem ? { limit: problem.limit } : {};
  const origins = 'origins' in problem ? { origins: problem.origins } : {};
  const { network } = client.info;
  services.throttledLog(log, 'warn', {
    kind: `refused ${code}`,
    entry: { event: 'request_refused', code, reason, ...limit, ...origins, ...place, network },
    message: 'a request was refused',
  });
}

/** Logs, once for each kind of peer, that `TRUSTED_PROXY` does not match the proxies in front of the server. */
export function reportProxyMistake({ services, log, client }: RequestContext): void {
  const mistake = client.proxyMistake;
  if (mistake !== null) {
    const { message, ...entry } = mistake;
    const kind = `${entry.event} ${entry.peer}`;
    services.throttledLog(log, 'warn', { kind, entry, message, isOnce: true });
  }
}

/** Logs what a handler threw. @returns what the client is told of it: no detail. */
export function reportFailure(
  { services, log }: RequestContext,
  error: unknown,
  place: RequestPlace,
): Problem {
  const code = isStoreFailure(error) ? 'store_unavailable' : 'internal_error';
  const entry = { event: code, ...place, error };
  if (code === 'internal_error') {
    log.error(entry, 'a request failed');
  } else {
    // While the store is down, every waiting browser asks again every few seconds.
    services.throttledLog(log, 'error', { kind: code, entry, message: 'a request failed' });
  }
  return { code };
}
