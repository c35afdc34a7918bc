import { afterAll, describe, expect, it } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { afterStatements } from '#tests/support/faults.ts';
import { ATTEMPT_TTL_MS, newPhoneNumber, openLogin } from '#tests/support/test-login.ts';
import { createToken, hashToken } from '../crypto/token.ts';
import { createStartLimits } from '../limits/start-limits.ts';
import { insertAttempt } from '../store/attempts.ts';
import { cancelAttempt } from './cancel.ts';
import { startAttempt } from './start.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

describe('starting an attempt', () => {
  it('sends the vendor the number in E.164 and our callback address', async () => {
    const login = await openLogin(sandbox);
    await login.start();
    expect(await login.control.requests(login.phoneNumber)).toMatchObject([
      {
        kind: 'create',
        authorized: true,
        body: {
          phone_number: login.phoneNumber,
          callback_url: expect.stringMatching(
            /^https:\/\/login\.example\/api\/auth\/callback\/[\w-]{43}$/,
          ),
        },
      },
    ]);
  });

  it('stores the vendor id and the call number, and only hashes of the tokens', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const [pauthSession] = await login.control.sessions(login.phoneNumber);
    const stored = await login.stored(started);
    expect(stored).toMatchObject({
      state: 'pending',
      phone_number: login.phoneNumber,
      pauth_session_id: pauthSession?.id,
      call_number: pauthSession?.call_number,
      expires_at: login.clock.now() + ATTEMPT_TTL_MS,
      token_hash: hashToken(started.attemptToken),
      callback_token_hash: hashToken(await login.callbackTokenOf(started)),
    });
    expect(JSON.stringify(stored)).not.toContain(started.attemptToken);
    expect(JSON.stringify(stored)).not.toContain(started.browserToken);
    expect(await login.eventTypes()).toEqual(['attempt_started']);
  });

  it('does not happen, and sends no vendor request, when its event cannot be written', async () => {
    const login = await openLogin(sandbox);
    await login.store.schema.dropTable('events').execute();
    await expect(login.start()).rejects.toThrow();
    expect(await login.store.selectFrom('attempts').selectAll().execute()).toEqual([]);
    expect(await login.countRequests('create')).toBe(0);
  });
});

describe('a start under a limit', () => {
  /** A login that allows one start. */
  async function openLimitedLogin() {
    const login = await openLogin(sandbox);
    const startLimits = createStartLimits(
      { perNumber: [], perNetwork: [{ count: 1, seconds: 600 }], total: [] },
      login.deps,
    );
    return { ...login, deps: { ...login.deps, startLimits } };
  }

  it('that is refused leaves the browser’s live attempt unchanged', async () => {
    const login = await openLimitedLogin();
    const started = await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
    if (!started.ok) {
      throw new Error(started.error.code);
    }
    const again = await startAttempt(login.deps, newPhoneNumber(), {
      ...login.newBrowser,
      ...started.value,
    });
    expect(again).toMatchObject({ ok: false, error: { code: 'rate_limited' } });
    expect(await login.stored(started.value)).toMatchObject({ state: 'pending' });
    expect(await login.eventTypes()).toEqual(['attempt_started']);
  });

  it('that the vendor refuses does not count, as often as the limit allows starts', async () => {
    const login = await openLimitedLogin();
    await login.control.addFault({ kind: 'status', status: 422, phone_number: login.phoneNumber });
    const codes = [];
    for (let count = 0; count < 10; count += 1) {
      const started = await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
      codes.push(started.ok ? 'started' : started.error.code);
    }
    const refused = 'pauth_refused_number';
    expect(codes).toEqual([refused, refused, ...Array(8).fill('rate_limited')]);
    expect(await login.countRequests('create')).toBe(2);
    expect(await login.store.selectFrom('attempts').selectAll().execute()).toHaveLength(2);
    await login.control.clearFaults(login.phoneNumber);
  });

  it('that could not be stored does not count', async () => {
    const login = await openLimitedLogin();
    const broken = afterStatements(login.deps.store, async () => {
      throw new Error('the disk is full');
    });
    await expect(
      startAttempt({ ...login.deps, store: broken }, login.phoneNumber, login.newBrowser),
    ).rejects.toThrow('the disk is full');
    const again = await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
    expect(again).toMatchObject({ ok: true });
  });
});

describe('starting again from the same browser', () => {
  it('returns the live attempt for the same number, without a second vendor session', async () => {
    const login = await openLogin(sandbox);
    const first = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS - 1);
    const { attemptToken, browserToken } = first;
    const holder = { ...login.newBrowser, attemptToken, browserToken };
    const again = await Promise.all(
      Array.from({ length: 20 }, () => startAttempt(login.deps, login.phoneNumber, holder)),
    );
    for (const started of again) {
      expect(started).toMatchObject({
        ok: true,
        value: { attempt: { id: first.attempt.id }, attemptToken: first.attemptToken },
      });
    }
    expect(await login.countRequests('create')).toBe(1);
  });

  it('does not return the attempt to a request with only the browser token', async () => {
    const login = await openLogin(sandbox);
    const first = await login.start();
    const other = await login.start();
    expect(other.attempt.id).not.toBe(first.attempt.id);
    expect(other.attemptToken).not.toBe(first.attemptToken);
    expect(await login.poll(first)).toMatchObject({ status: 'cancelled' });
  });

  it('cancels the live attempt for another number', async () => {
    const login = await openLogin(sandbox);
    const first = await login.start();
    const second = await login.start('mine', newPhoneNumber());
    expect(second.attemptToken).not.toBe(first.attemptToken);
    expect(await login.stored(first)).toMatchObject({
      state: 'cancelled',
      ended_at: login.clock.now(),
    });
    expect(await login.eventTypes(first)).toEqual(['attempt_started', 'attempt_cancelled']);
    expect(await login.poll(first)).toMatchObject({ status: 'cancelled' });
    expect(await login.poll(second)).toMatchObject({ status: 'pending' });
  });

  it('expires an attempt whose lifetime is over and creates a new one', async () => {
    const login = await openLogin(sandbox);
    const first = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS);
    const second = await login.start();
    expect(second.attempt.id).not.toBe(first.attempt.id);
    expect(await login.eventTypes(first)).toEqual(['attempt_started', 'attempt_expired']);
    expect(await login.countRequests('create')).toBe(2);
  });

  it('creates a new attempt when the process died before the vendor answered', async () => {
    const login = await openLogin(sandbox, { rules: { pauthTimeoutMs: 300 } });
    const createdAt = login.clock.now();
    await insertAttempt(login.store, {
      id: 'left-behind',
      token_hash: 'left-behind',
      callback_token_hash: 'left-behind',
      browser_hash: 'mine',
      browser_token_hash: hashToken('mine'),
      phone_number: login.phoneNumber,
      created_at: createdAt,
      expires_at: createdAt + ATTEMPT_TTL_MS,
    });
    login.clock.advance(30_000);
    const browser = { ...login.newBrowser, browserToken: 'mine' };
    const started = await startAttempt(login.deps, login.phoneNumber, browser);
    expect(started.ok).toBe(true);
  });
});

it('gives another browser its own attempt for the same number', async () => {
  const login = await openLogin(sandbox);
  const [mine, theirs] = [await login.start(), await login.start('theirs')];
  expect(theirs.attempt.id).not.toBe(mine.attempt.id);
  expect(theirs.attemptToken).not.toBe(mine.attemptToken);
  expect(await login.stored(mine)).toMatchObject({ state: 'pending' });
  expect(await login.countRequests('create')).toBe(2);
});

it('an attempt cancelled during the vendor request stays cancelled', async () => {
  const login = await openLogin(sandbox);
  const { browserToken } = await login.start('mine', newPhoneNumber());
  const browser = { ...login.newBrowser, browserToken };
  await login.control.addFault({
    kind: 'delay',
    delay_ms: 300,
    phone_number: login.phoneNumber,
    after: true,
  });
  const starting = startAttempt(login.deps, login.phoneNumber, browser);
  await expect.poll(() => login.control.sessions(login.phoneNumber)).toHaveLength(1);
  const other = await login.start('mine', newPhoneNumber());
  expect(await starting).toMatchObject({ ok: false, error: { code: 'attempt_cancelled' } });
  expect(await login.poll(other)).toMatchObject({ status: 'pending' });
});

describe('a vendor that creates no session', () => {
  it.each([
    { code: 'pauth_failed', fault: { kind: 'status', status: 401 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 403 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 404 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 500 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 503 } },
    { code: 'pauth_refused_number', fault: { kind: 'status', status: 400 } },
    { code: 'pauth_refused_number', fault: { kind: 'status', status: 422 } },
    { code: 'pauth_unreachable', fault: { kind: 'reset' } },
    { code: 'pauth_timed_out', fault: { kind: 'delay', delay_ms: 60_000 } },
    { code: 'pauth_timed_out', fault: { kind: 'slow_body', interval_ms: 20 } },
    { code: 'pauth_failed', fault: { kind: 'malformed' } },
    { code: 'pauth_failed', fault: { kind: 'malformed', body: '{"id":"x","call_number":"110"}' } },
    { code: 'pauth_failed', fault: { kind: 'huge_body', bytes: 200_000, after: true } },
    { code: 'pauth_failed', fault: { kind: 'redirect', location: 'http://127.0.0.1:9/' } },
  ] as const)('fails the attempt with $code: $fault', async ({ code, fault }) => {
    const login = await openLogin(sandbox, { rules: { pauthTimeoutMs: 300 } });
    await login.control.addFault({ ...fault, phone_number: login.phoneNumber, times: 1 });
    const refused = await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
    expect(refused).toEqual({ ok: false, error: { code, retryAfterSeconds: null } });
    expect(await login.countRequests('create')).toBe(1);
    expect(await login.store.selectFrom('attempts').selectAll().execute()).toMatchObject([
      { state: 'failed', failure: code, ended_at: login.clock.now() },
    ]);
    const events = await login.store.selectFrom('events').selectAll().orderBy('id').execute();
    expect(events).toMatchObject([
      { type: 'attempt_started', reason: null },
      { type: 'attempt_failed', reason: code },
    ]);
    expect(login.logged()).not.toContain(login.phoneNumber);

    const second = await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
    expect(second.ok).toBe(true);
  });

  it.each([
    { asked: 7, passedOn: 7 },
    { asked: 86_400, passedOn: 30 },
  ])('passes its Retry-After of $asked s on as $passedOn s', async ({ asked, passedOn }) => {
    const login = await openLogin(sandbox);
    await login.control.addFault({
      kind: 'status',
      status: 429,
      retry_after_seconds: asked,
      phone_number: login.phoneNumber,
    });
    expect(await startAttempt(login.deps, login.phoneNumber, login.newBrowser)).toEqual({
      ok: false,
      error: { code: 'pauth_failed', retryAfterSeconds: passedOn },
    });
  });
});

describe('cancelling', () => {
  it('ends the attempt once and records it once', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await cancelAttempt(login.deps, started.attemptToken);
    login.clock.advance(1_000);
    await cancelAttempt(login.deps, started.attemptToken);
    expect(await login.stored(started)).toMatchObject({
      state: 'cancelled',
      ended_at: login.clock.now() - 1_000,
    });
    expect(await login.eventTypes(started)).toEqual(['attempt_started', 'attempt_cancelled']);
  });

  it('changes nothing for an unknown token', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await cancelAttempt(login.deps, createToken());
    expect(await login.stored(started)).toMatchObject({ state: 'pending' });
  });

  it('does not happen when its event cannot be written', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.store.schema.dropTable('events').execute();
    await expect(cancelAttempt(login.deps, started.attemptToken)).rejects.toThrow();
    expect(await login.stored(started)).toMatchObject({ state: 'pending', ended_at: null });
  });
});

it('fails an attempt when the vendor returns the session of another one', async () => {
  const login = await openLogin(sandbox);
  const first = await login.start('theirs');
  await login.control.addFault({
    match: 'create',
    kind: 'malformed',
    body: JSON.stringify({
      id: first.attempt.pauth_session_id,
      call_number: first.attempt.call_number,
    }),
    phone_number: login.phoneNumber,
  });
  const second = await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
  expect(second).toMatchObject({ ok: false, error: { code: 'pauth_failed' } });
  expect(login.logged()).toContain('pauth_session_reused');
  await login.call(first);
  login.clock.advance(2_000);
  expect(await login.poll(first)).toMatchObject({ status: 'completed' });
});
