import 'server-only';
import type { PendingOutcome } from '../login/poll.ts';
import type { StatusReply } from '../shared/contract.ts';

/** What a poll is answered while nothing has come. */
export function pendingReply({ expiresInMs, pollAfterMs }: PendingOutcome): StatusReply {
  return {
    status: 'pending',
    expires_in_seconds: Math.ceil(expiresInMs / 1_000),
    poll_after_ms: pollAfterMs,
  };
}
