import { describe, expect, it } from 'vitest';
import { newSession } from '#tests/support/sessions.ts';
import { openTestStore } from '#tests/support/stores.ts';
import { createTestClock, newPhoneNumber } from '#tests/support/test-login.ts';
import { hashToken } from '../crypto/token.ts';
import { createLog } from '../observe/log.ts';
import { findSession, insertSession } from '../store/sessions.ts';
import { insertUser, setUserState } from '../store/users.ts';
import { isAlive, isTouchDue } from './lifetime.ts';
import { openSession } from './open.ts';

const IDLE_MS = 86_400_000;
const TTL_MS = 604_800_000;
const TOKEN = 'session token';

/** A store with one user and one session that begins now. */
async function begin() {
  const store = await openTestStore();
  const clock = createTestClock();
  const at = clock.now();
  await insertUser(store, { id: 'user', phoneNumber: newPhoneNumber(), createdAt: at });
  const idHash = hashToken(TOKEN);
  const times = { created_at: at, expires_at: at + TTL_MS };
  await insertSession(store, newSession({ id_hash: idHash, user_id: 'user', ...times }));
  const log = createLog({ write: () => {} });
  const deps = { store, clock, log, idleMs: IDLE_MS, usesPasskeys: true };
  return { deps, store, idHash, clock, open: () => openSession(deps, TOKEN) };
}

describe('the lifetime of a session', () => {
  const session = { created_at: 0, expires_at: TTL_MS, last_used_at: null };

  it.each([
    { lastUsedAt: null, now: 0, alive: true },
    { lastUsedAt: null, now: IDLE_MS - 1, alive: true },
    { lastUsedAt: null, now: IDLE_MS, alive: false },
    { lastUsedAt: 1_000, now: IDLE_MS + 999, alive: true },
    { lastUsedAt: 1_000, now: IDLE_MS + 1_000, alive: false },
    { lastUsedAt: TTL_MS - 1, now: TTL_MS - 1, alive: true },
    { lastUsedAt: TTL_MS - 1, now: TTL_MS, alive: false },
    { lastUsedAt: TTL_MS - 1, now: TTL_MS * 9, alive: false },
  ])('last used at $lastUsedAt, at $now: $alive', ({ lastUsedAt, now, alive }) => {
    expect(isAlive({ ...session, last_used_at: lastUsedAt }, now, IDLE_MS)).toBe(alive);
  });

  it('records the first use, then one a minute, or more often for a short idle time', () => {
    expect(isTouchDue({ last_used_at: null }, 0, IDLE_MS)).toBe(true);
    expect(isTouchDue({ last_used_at: 0 }, 59_999, IDLE_MS)).toBe(false);
    expect(isTouchDue({ last_used_at: 0 }, 60_000, IDLE_MS)).toBe(true);
    expect(isTouchDue({ last_used_at: 0 }, 30_000, 300_000)).toBe(true);
  });
});

describe('opening a session', () => {
  it('extends it with each use until it expires', async () => {
    const { clock, open } = await begin();
    for (let passed = 0; passed + IDLE_MS - 1 < TTL_MS; passed += IDLE_MS - 1) {
      expect(await open()).not.toBeNull();
      clock.advance(IDLE_MS - 1);
    }
    expect(await open()).not.toBeNull();
    clock.advance(TTL_MS % (IDLE_MS - 1));
    expect(await open()).toBeNull();
  });

  it('ends it after the idle time', async () => {
    const { clock, open } = await begin();
    await open();
    clock.advance(IDLE_MS);
    expect(await open()).toBeNull();
  });

  it.each([IDLE_MS, TTL_MS])(
    'does not revive one that ended after %d ms when the clock is set back',
    async (passedMs) => {
      const { clock, store, idHash, open } = await begin();
      clock.advance(passedMs);
      expect(await open()).toBeNull();
      clock.advance(-passedMs);
      expect(await open()).toBeNull();
      expect(await findSession(store, idHash)).toBeNull();
    },
  );

  it('does not move the last use back when the clock is set back', async () => {
    const { clock, store, idHash, open } = await begin();
    clock.advance(3_600_000);
    await open();
    const usedAt = clock.now();
    clock.advance(-1_800_000);
    await open();
    expect(await findSession(store, idHash)).toMatchObject({ session: { last_used_at: usedAt } });
  });

  it('records when session and user were last active', async () => {
    const { clock, store, idHash, open } = await begin();
    clock.advance(3_600_000);
    await open();
    expect(await findSession(store, idHash)).toMatchObject({
      session: { last_used_at: clock.now() },
      user: { last_active_at: clock.now() },
    });
  });

  it.each(['disabled_at', 'set_aside_at'] as const)(
    'returns null for a user with %s',
    async (key) => {
      const { clock, store, open } = await begin();
      await setUserState(store, 'user', { [key]: clock.now() });
      expect(await open()).toBeNull();
    },
  );

  it('returns null for another token, or once the user is deleted', async () => {
    const { deps, store, open } = await begin();
    expect(await openSession(deps, 'another')).toBeNull();
    await store.deleteFrom('users').execute();
    expect(await open()).toBeNull();
  });
});
