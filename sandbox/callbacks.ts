import type { SandboxSession } from './state.ts';

const TIMEOUT_MS = 5_000;

/** Tells a session's callback URL that it was verified, and keeps what came of it. Never throws. */
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
    session.callback = { status: null, error: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says only "fetch failed" and keeps the reason in the cause.
  return error.cause instanceof Error ? error.cause.message : error.message;
}
