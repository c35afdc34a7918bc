import type { SandboxSession } from './state.ts';

const TIMEOUT_MS = 5_000;

/** Sends a verified session's callback and stores the result in `session.callback`. Never throws. */
export async function sendCallback(session: SandboxSession): Promise<void> {
  try {
    const response = await fetch(session.callbackUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: session.id, status: 'verified' }),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    session.callback = { status: response.status, error: null };
    await response.body?.cancel();
  } catch (error) {
    // fetch says only "fetch failed" and keeps the reason in the cause.
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    session.callback = {
      status: null,
      error: reason instanceof Error ? reason.message : String(reason),
    };
  }
}
