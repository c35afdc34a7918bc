import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer, TEST_SECRET } from '#tests/support/app-server.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { type RawAnswer, sendRaw } from '../raw-http.ts';
import { defineTarget, type OpenProperty } from '../target.ts';
import { ATTEMPT_COOKIE, type HostileRequest, hostileRequests, write } from './hostile-request.ts';

const ANSWER_TIMEOUT_MS = 20_000;
/** Attempts there live for ten minutes and receive no call. */
const ATTEMPT_REUSE_MS = 500_000;

export const requests = defineTarget({
  name: 'requests',
  holds:
    'whatever is sent, the production build answers without a 5xx, internals, an open redirect or a session without a call',
  batchSize: 50,
  share: 2,
  async open() {
    assert.ok(existsSync('.next/BUILD_ID'), 'needs the production build: npm run build');
    const sandbox = await startSandbox();
    const app = await startAppServer(sandbox.url, {
      STATUS_WAIT_SECONDS: '0',
      ATTEMPT_TTL_SECONDS: '600',
      // The limits are not tested here and have their own tests.
      START_LIMIT_PER_NUMBER: '1000000/60',
      START_LIMIT_PER_NETWORK: '1000000/60',
      START_LIMIT_TOTAL: '1000000/60',
    });
    return {
      ...requestsTo(app.origin),
      async close() {
        await app.stop();
        await sandbox.close();
      },
    };
  },
});

/** Sends requests to a running server. No calls may be placed at its vendor. */
export function requestsTo(origin: string): OpenProperty<HostileRequest> {
  const port = Number(new URL(origin).port);
  // On the shared server attempts may expire earlier; the cookie is then one of an expired attempt.
  let attempt = { cookie: '', at: Number.NEGATIVE_INFINITY };
  return {
    values: hostileRequests,
    async check(request) {
      if (performance.now() - attempt.at > ATTEMPT_REUSE_MS) {
        attempt = { cookie: await startOne(origin), at: performance.now() };
      }
      const bytes = write(request, new URL(origin), attempt.cookie);
      checkAnswer(await sendRaw(port, bytes, ANSWER_TIMEOUT_MS), origin);
    },
  };
}

async function startOne(origin: string): Promise<string> {
  const visitor = new Visitor(origin);
  const answer = await visitor.start(randomPhoneNumber());
  const cookie = visitor.cookie(ATTEMPT_COOKIE);
  assert.ok(cookie !== undefined, `no attempt: ${answer.status}`);
  return cookie;
}

/** Patterns of stack traces, files and secrets of the server. */
const internals = [
  /\bat [\w.<>[\] ]+\(?[^ )]*:\d+:\d+/,
  /node_modules/,
  /\/\.next\//,
  /sqlite/i,
  // As a whole word, since random letters, for example of a nonce, can contain it.
  /\bzod(?:error)?\b/i,
  /sandbox-key/,
  new RegExp(TEST_SECRET),
];

function checkAnswer({ status, headers, body }: RawAnswer, origin: string): void {
  if (status === null) {
    return;
  }
  assert.ok(status < 500, `answered ${status}: ${body.slice(0, 300)}`);
  const leaked = internals.find((pattern) => pattern.test(body));
  assert.equal(leaked, undefined, `leaks internals: ${leaked?.exec(body)?.[0]}`);
  for (const [name, value] of headers) {
    if (name === 'set-cookie') {
      const isSession = /^(?:__Host-)?call-login-session=[^;]/.test(value);
      assert.ok(!isSession, 'a session without a call');
    }
    if (name === 'location') {
      assert.equal(new URL(value, origin).origin, origin, `redirects to another site: ${value}`);
    }
  }
  const isJson = headers.some(
    ([name, value]) => name === 'content-type' && value.startsWith('application/json'),
  );
  const isCacheable = !headers.some(
    ([name, value]) => name === 'cache-control' && /no-store/.test(value),
  );
  assert.ok(!isJson || !isCacheable, 'allows caching');
  assert.ok(!isJson || !/"status":"verified"/.test(body), 'verified without a call');
}
