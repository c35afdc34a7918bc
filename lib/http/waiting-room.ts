import 'server-only';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pendingAfter } from '../login/poll.ts';
import { awaitNews } from '../login/wait.ts';
import { requestIdOf } from '../request-id.ts';
import type { App } from '../services.ts';
import { compose } from './answer.ts';
import { headersOf, sendBeforeNext, waitBeforeNext } from './before-next.ts';
import { howToPoll } from './how-to-poll.ts';
import { pendingReply } from './pending.ts';
import { isSameOriginFetch } from './same-origin.ts';

/** What of the app the waiting room needs. */
export interface WaitingRoomParts extends Pick<App, 'readAttemptCookie' | 'waited'> {
  config: { attempt: Pick<App['config']['attempt'], 'statusWaitSeconds'> };
  forRequest(requestId: string): Pick<App, 'login'>;
}

/**
 * Holds polls before Next begins with them (docs/decisions/0016). Where a host answers requests
 * without a server of Node's, or holding is off, nothing comes here, and the route does it all.
 */
export function openWaitingRoom(app: WaitingRoomParts): void {
  if (app.config.attempt.statusWaitSeconds > 0) {
    waitBeforeNext((request, response) => (isPoll(request) ? hold(app, request, response) : null));
  }
}

function isPoll(request: IncomingMessage): boolean {
  return (
    request.method === 'GET' &&
    request.url?.split('?', 1)[0] === '/api/auth/status' &&
    isSameOriginFetch(headersOf(request))
  );
}

/**
 * Answers a poll for which nothing has come, and leaves any other to the route, with what the wait came
 * to, under the request's id.
 */
async function hold(
  app: WaitingRoomParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = headersOf(request);
  const how = howToPoll(headers, app.config.attempt);
  const id = requestIdOf(headers);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) {
      gone.abort();
    }
    app.waited.delete(id);
  });
  try {
    const cookie = await app.readAttemptCookie(headers.get('cookie') ?? '');
    if (cookie?.attemptToken === undefined) {
      return;
    }
    const { login } = app.forRequest(id);
    const waited = await awaitNews(login, cookie.attemptToken, { ...how, signal: gone.signal });
    if (gone.signal.aborted) {
      return;
    }
    const pending = pendingAfter(login, waited, how);
    if (pending === null) {
      app.waited.set(id, () => waited);
    } else {
      sendBeforeNext(response, compose(pendingReply(pending)), id);
    }
  } catch (error) {
    // The route says what is broken, and has it in the log.
    if (!gone.signal.aborted) {
      app.waited.set(id, () => {
        throw error;
      });
    }
  }
}
