import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { openLogin, type TestLogin } from '#tests/support/test-login.ts';
import { takeCallback } from '../login/callback.ts';
import { cancelAttempt } from '../login/cancel.ts';
import { PROMPTED_CHECK_MS } from '../login/schedule.ts';
import type { Waited } from '../login/wait.ts';
import { noteRequestIds, requestIdHeader } from '../request-id.ts';
import { systemClock } from '../shared/clock.ts';
import { statusReplySchema } from '../shared/contract.ts';
import { PROMPTED_HEADER } from '../shared/prompted-header.ts';
import { scheduleCheckForPerson } from '../store/checks.ts';
import { openWaitingRoom } from './waiting-room.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Of the test that runs. */
let login: TestLogin | undefined;
async function open(): Promise<TestLogin> {
  login = await openLogin(sandbox, { clock: systemClock });
  return login;
}
const waited = new Map<string, () => Waited>();

noteRequestIds();
openWaitingRoom({
  config: { attempt: { statusWaitSeconds: 25 } },
  waited,
  forRequest() {
    if (login === undefined) {
      throw new Error('no test has opened anything yet');
    }
    return { login: login.deps };
  },
  // Cookies have tests of their own: here one holds the attempt's token as it is.
  readAttemptCookie: async (cookieHeader) =>
    cookieHeader === '' ? null : { browserToken: 'any', attemptToken: cookieHeader },
});

/** Stands where Next does: answers with the state that the wait found, or what it says instead. */
const server = createServer((request, response) => {
  const waitedFor = waited.get(String(request.headers[requestIdHeader()]));
  if (waitedFor === undefined) {
    response.end('no wait');
    return;
  }
  try {
    const { news } = waitedFor();
    response.end(news.ok ? (news.value?.state ?? 'missing') : news.error.code);
  } catch {
    response.end('thrown');
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
afterAll(() => server.close());
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

const ofOurPage = { 'x-requested-with': 'fetch' };

async function poll(
  cookie: string,
  { path = '/api/auth/status', ...init }: RequestInit & { path?: string } = {},
): Promise<string> {
  const response = await fetch(`${origin}${path}`, {
    ...init,
    headers: { cookie, ...(init.headers ?? ofOurPage) },
  });
  return await response.text();
}

/** Until the poll that was just sent has begun to listen for news of its attempt. */
async function isListening({ deps }: TestLogin): Promise<void> {
  await expect.poll(() => deps.notifications.isSomebodyListening(), { interval: 5 }).toBe(true);
}

describe('the waiting room', () => {
  it('keeps a poll until its call was seen, and leaves for the route what it found', async () => {
    const login = await open();
    const started = await login.start();
    const held = poll(started.attemptToken);
    await isListening(login);
    expect(waited.size).toBe(0);
    await login.call(started);
    await takeCallback(login.deps, await login.callbackTokenOf(started));
    expect(await held).toBe('verified');
    expect(await login.countSessions()).toBe(0);
  });

  it('forgets what a poll waited for once that is answered', async () => {
    const login = await open();
    const started = await login.start();
    const held = poll(started.attemptToken);
    await cancelAttempt(login.deps, started.attemptToken);
    expect(await held).toBe('cancelled');
    await expect.poll(() => waited.size, { interval: 5 }).toBe(0);
  });

  it('lets a poll go whose browser has left, and stops listening for it', async () => {
    const login = await open();
    const { attemptToken } = await login.start();
    const leaving = new AbortController();
    const held = poll(attemptToken, { signal: leaving.signal });
    await isListening(login);
    leaving.abort();
    await expect(held).rejects.toThrow();
    await expect
      .poll(() => login.deps.notifications.isSomebodyListening(), { interval: 5 })
      .toBe(false);
    expect(waited.size).toBe(0);
  });

  it('answers by itself when nothing has come, as when the process is to end', async () => {
    const login = await open();
    const { attemptToken } = await login.start();
    const held = poll(attemptToken);
    await isListening(login);
    login.deps.notifications.close();
    const reply = statusReplySchema.parse(JSON.parse(await held));
    expect(reply).toEqual({
      status: 'pending',
      expires_in_seconds: expect.any(Number),
      poll_after_ms: 0,
    });
  });

  it('answers before what is in between cuts the poll, and asks for a pause to make up for it', async () => {
    const login = await open();
    const { attemptToken } = await login.start();
    const asked = { ...ofOurPage, prefer: 'wait=1' };
    const reply = statusReplySchema.parse(JSON.parse(await poll(attemptToken, { headers: asked })));
    expect(reply).toMatchObject({ status: 'pending', poll_after_ms: 1_000 });
  });

  it('tells the route why the vendor does not answer', async () => {
    const login = await open();
    const { attemptToken, attempt } = await login.start();
    await login.control.addFault({ kind: 'reset', phone_number: login.phoneNumber });
    await scheduleCheckForPerson(login.store, attempt.id, login.deps.clock.now());
    expect(await poll(attemptToken)).toBe('pauth_unreachable');
  });

  it('has the vendor asked soon when the person says they have called', async () => {
    const login = await open();
    const started = await login.start();
    const { expires_at: laterThanThat } = started.attempt;
    await login.store.updateTable('attempts').set({ next_check_at: laterThanThat }).execute();
    const held = poll(started.attemptToken, { headers: { ...ofOurPage, [PROMPTED_HEADER]: '1' } });
    await isListening(login);
    const { next_check_at: nextCheckAt } = await login.stored(started);
    expect(nextCheckAt).toBeLessThanOrEqual(login.deps.clock.now() + PROMPTED_CHECK_MS);
    login.deps.notifications.close();
    await held;
  });

  it('throws for the route what the store threw', async () => {
    const login = await open();
    const { attemptToken } = await login.start();
    await login.store.destroy();
    expect(await poll(attemptToken)).toBe('thrown');
    await expect.poll(() => waited.size, { interval: 5 }).toBe(0);
  });

  it.each<[string, Parameters<typeof poll>[1]]>([
    ['a poll of another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['a link', { headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' } }],
    ['another method', { method: 'POST' }],
    ['another address', { path: '/api/auth/session' }],
  ])('is nothing for %s', async (_what, init) => {
    const login = await open();
    const { attemptToken } = await login.start();
    expect(await poll(attemptToken, init)).toBe('no wait');
  });

  it('is nothing for a browser without an attempt', async () => {
    expect(await poll('')).toBe('no wait');
  });
});
