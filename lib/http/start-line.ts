import 'server-only';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { coarseNetwork, networkOf } from '../limits/client-address.ts';
import { createConcurrencyLimit } from '../limits/concurrency-limit.ts';
import { createRetryAfterEstimate } from '../limits/retry-after.ts';
import { requestIdOf } from '../request-id.ts';
import type { App } from '../services.ts';
import { composeProblem, type Problem } from './answer.ts';
import { headersOf, sendBeforeNext, waitBeforeNext } from './before-next.ts';
import { BODY_MAX_BYTES, BODY_TIMEOUT_MS } from './body.ts';
import { languageOf } from './language.ts';

const START_PATH = '/api/auth/start';

/** Between two looks whether the rest of a request has come. */
const LOOK_AGAIN_MS = 20;

/** What of the app the line needs. */
export interface StartLineParts extends Pick<App, 'throttledLog'> {
  config: {
    pauth: Pick<App['config']['pauth'], 'maxInFlight'>;
    app: Pick<App['config']['app'], 'trustedProxy'>;
  };
  forRequest(requestId: string): Pick<App, 'log'>;
}

/** So many starts at once no machine is too slow for. */
const LEAST_AT_ONCE = 10;

/** How long a start waits for others to end before it is sent away. */
const LINE_MS = 3_000;

/**
 * Lets as many starts be under way as go well, at most as many as the vendor is asked requests at a time.
 * The others wait in line before Next begins with them; who waits for too long is told when to come back.
 */
export function openStartLine(app: StartLineParts): void {
  const turns = createConcurrencyLimit({
    least: LEAST_AT_ONCE,
    most: app.config.pauth.maxInFlight,
  });
  const comeBack = createRetryAfterEstimate();

  async function waitForTurn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await becomesWhole(request, response))) {
      refuse(app, { code: 'request_incomplete' }, request, response);
      return;
    }
    const giveBack = await turns.take(LINE_MS);
    if (giveBack === null) {
      const retryAfterSeconds = comeBack.inSeconds();
      const problem = { code: 'store_unavailable', retryAfterSeconds } as const;
      refuse(app, problem, request, response, 'too_many_at_once');
      return;
    }
    if (response.destroyed) {
      giveBack('unused');
      return;
    }
    response.once('close', () => {
      comeBack.served(turns.isWaitedFor());
      // A browser that leaves says nothing of how it goes here.
      giveBack(response.statusCode < 500 ? 'well' : 'badly');
    });
  }

  waitBeforeNext((request, response) => (isStart(request) ? waitForTurn(request, response) : null));
}

function isStart({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url?.split('?', 1)[0] === START_PATH;
}

/**
 * Whether a request comes to its end in time, or is seen to be too long for anybody to read: whoever sends a
 * byte now and then is not to keep a turn from others.
 */
async function becomesWhole(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const endAt = performance.now() + BODY_TIMEOUT_MS;
  // Most have come whole, and are as soon as the parser goes on.
  for (let waitMs = 0; ; waitMs = LOOK_AGAIN_MS) {
    await delay(waitMs);
    if (request.complete || request.readableLength > BODY_MAX_BYTES || response.destroyed) {
      return true;
    }
    if (performance.now() > endAt) {
      return false;
    }
  }
}

function refuse(
  app: StartLineParts,
  problem: Problem,
  request: IncomingMessage,
  response: ServerResponse,
  why?: 'too_many_at_once',
): void {
  const headers = headersOf(request);
  const id = requestIdOf(headers);
  const { code } = problem;
  const network = coarseNetwork(networkOf(headers, app.config.app.trustedProxy));
  app.throttledLog(app.forRequest(id).log, 'warn', {
    kind: `refused ${code}`,
    entry: { event: 'request_refused', code, why, method: 'POST', route: START_PATH, network },
    message: 'a request was refused',
  });
  sendBeforeNext(response, composeProblem(problem, { id, language: languageOf(headers) }), id);
}
