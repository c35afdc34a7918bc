import type { QueuedFault } from './faults.ts';
import type { LoggedRequest } from './request-log.ts';
import type { SandboxCall, SandboxSession, SessionStatus } from './state.ts';

/** A session as listed by `GET /_sandbox/sessions`. `now` is the clock of its phone number. */
export function sessionWire(session: SandboxSession, status: SessionStatus, now: number) {
  return {
    id: session.id,
    phone_number: session.phoneNumber,
    call_number: session.callNumber,
    status,
    callback_url: session.callbackUrl,
    callback: session.callback,
    created_at: instant(session.createdAt),
    expires_at: instant(session.expiresAt),
    expires_in_seconds: Math.max(0, Math.ceil((session.expiresAt - now) / 1_000)),
  };
}

/** A call as listed by `GET /_sandbox/calls`. */
export function callWire(call: SandboxCall) {
  return {
    from: call.from,
    to: call.to,
    at: instant(call.at),
    verified: call.verified.map(({ id, phoneNumber }) => ({ id, phone_number: phoneNumber })),
  };
}

/** A vendor request as listed by `GET /_sandbox/requests`. */
export function requestWire(request: LoggedRequest) {
  return {
    method: request.method,
    path: request.path,
    kind: request.kind,
    authorized: request.authorized,
    status: request.status,
    at: instant(request.at),
    phone_number: request.phoneNumber,
    session_id: request.sessionId,
    body: request.body,
  };
}

/** A fault as listed by `GET /_sandbox/faults`. `times` is how many requests it will still hit. */
export function faultWire({ id, fault, timesLeft }: QueuedFault) {
  return { ...fault, id, times: timesLeft };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
