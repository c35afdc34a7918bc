import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { type Deviation, TestPasskey } from '#tests/support/authenticator.ts';
import { openLogin, TEST_CLIENT } from '#tests/support/test-login.ts';
import { createToken, hashToken } from '../crypto/token.ts';
import { handleCallback } from '../login/callback.ts';
import {
  closeSession,
  type LoggedIn,
  openSession,
  type SessionDependencies,
} from '../sessions/open.ts';
import { endOtherSession, endOtherSessions, findNotices } from '../sessions/other-sessions.ts';
import { setUserState } from '../store/users.ts';
import { addPasskey, offerPasskey } from './add.ts';
import { type Challenge, createUseChallenge } from './challenge.ts';
import type { PasskeyDependencies } from './dependencies.ts';
import { declineOffer, mayOffer, removeOwnPasskey, renameOwnPasskey } from './manage.ts';
import { confirmWithPasskey, logInWithPasskey } from './use.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ORIGIN = 'https://login.example';

const sandbox = await startSandbox({ callbacks: 'off' });
/** One call number for everybody: rivals can contest an attempt. */
const careless = await startSandbox({ callbacks: 'off', call_numbers: 'shared', match: 'caller' });
afterAll(async () => {
  await sandbox.close();
  await careless.close();
});

const failure = (code: string) => ({ ok: false, error: { code } });

async function openSite(vendor = sandbox) {
  const login = await openLogin(vendor);
  const { store, clock } = login;
  const { log } = login.deps;
  const sessions: SessionDependencies = {
    store,
    clock,
    log,
    idleMs: 30 * DAY_MS,
    usesPasskeys: true,
  };
  const deps: PasskeyDependencies = {
    store,
    clock,
    log,
    site: { origin: ORIGIN, rpId: 'login.example', name: 'Example' },
    sessionTtlMs: 7 * DAY_MS,
  };

  async function open(sessionToken: string): Promise<LoggedIn> {
    const loggedIn = await openSession(sessions, sessionToken);
    if (loggedIn === null) {
      throw new Error('the session is not valid');
    }
    return loggedIn;
  }

  /** Logs in by call from a new browser. */
  async function call(): Promise<LoggedIn> {
    const started = await login.start(createToken());
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    const outcome = await login.poll(started);
    if (outcome.status !== 'completed' || outcome.sessionToken === null) {
      throw new Error(`not logged in: ${outcome.status}`);
    }
    return await open(outcome.sessionToken);
  }

  async function add(loggedIn: LoggedIn, deviation: Deviation = {}) {
    const passkey = new TestPasskey(ORIGIN);
    const offered = await offerPasskey(deps, loggedIn, '090-••••-5678');
    if (!offered.ok) {
      return { ...offered, passkey };
    }
    const { challenge, reply } = offered.value;
    const made = passkey.create(reply, deviation);
    const added = await addPasskey(deps, loggedIn, challenge, made, TEST_CLIENT);
    return { ...added, passkey };
  }

  /** Logs in by call and adds a passkey. */
  async function addFirst(deviation: Deviation = {}) {
    const { passkey, ...added } = await add(await call(), deviation);
    if (!added.ok) {
      throw new Error(added.error.code);
    }
    return { passkey, loggedIn: await open(added.value) };
  }

  async function use(passkey: TestPasskey, deviation: Deviation = {}) {
    const challenge = createUseChallenge(clock.now());
    return await logInWithPasskey(deps, challenge, passkey.use(challenge, deviation), TEST_CLIENT);
  }

  async function confirm(loggedIn: LoggedIn, passkey: TestPasskey) {
    const challenge = createUseChallenge(clock.now());
    return await confirmWithPasskey(deps, loggedIn, challenge, passkey.use(challenge));
  }

  const passkeysOf = ({ user }: LoggedIn) =>
    store.selectFrom('passkeys').selectAll().where('user_id', '=', user.id).execute();

  return { ...login, sessions, deps, open, call, add, addFirst, use, confirm, passkeysOf };
}

describe('the first passkey', () => {
  it('is added within five minutes of a call, and logs in without the vendor', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    site.clock.advance(5 * MINUTE_MS - 1);
    const { passkey, ...added } = await site.add(loggedIn);
    expect(added).toMatchObject({ ok: true });
    const requests = (await site.control.requests(site.phoneNumber)).length;
    const used = await site.use(passkey);
    expect(used.ok && (await site.open(used.value)).user.id).toBe(loggedIn.user.id);
    expect((await site.control.requests(site.phoneNumber)).length).toBe(requests);
    expect((await site.eventTypes()).slice(-2)).toEqual(['passkey_added', 'passkey_used']);
  });

  it('is refused later than five minutes after the call', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    site.clock.advance(5 * MINUTE_MS);
    expect(await site.add(loggedIn)).toMatchObject(failure('passkey_needs_call'));
    expect(await site.passkeysOf(loggedIn)).toEqual([]);
  });

  it('cannot be added twice at once by a copy of the cookie', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    const outcomes = await Promise.all([site.add(loggedIn), site.add(loggedIn)]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('is one for each challenge, and for the user that the challenge was made for', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    const offered = await offerPasskey(site.deps, loggedIn, 'masked');
    if (!offered.ok) {
      throw new Error(offered.error.code);
    }
    const { challenge, reply } = offered.value;
    const addTo = (to: LoggedIn) =>
      addPasskey(site.deps, to, challenge, new TestPasskey(ORIGIN).create(reply), TEST_CLIENT);
    const stranger = { ...loggedIn, user: { ...loggedIn.user, id: 'stranger' } };
    expect(await addTo(stranger)).toMatchObject(failure('passkey_expired'));
    const added = await addTo(loggedIn);
    const renewed = await site.open(added.ok ? added.value : '');
    expect(await addTo(renewed)).toMatchObject(failure('passkey_expired'));
  });

  it('gives the session a new token, so that a copied cookie ends', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    const added = await site.add(loggedIn);
    expect(added.ok && hashToken(added.value)).not.toBe(loggedIn.session.id_hash);
    const rows = await site.store.selectFrom('sessions').select('id_hash').execute();
    expect(rows).toEqual([{ id_hash: added.ok ? hashToken(added.value) : '' }]);
  });

  it('is not added, and nothing confirmed, in a session that has ended meanwhile', async () => {
    const site = await openSite();
    const thief = await site.call();
    await closeSession(site.sessions, thief);
    expect(await site.add(thief)).toMatchObject(failure('not_logged_in'));
    expect(await site.passkeysOf(thief)).toEqual([]);

    const { passkey, loggedIn } = await site.addFirst();
    await closeSession(site.sessions, loggedIn);
    expect(await site.confirm(loggedIn, passkey)).toEqual(failure('not_logged_in'));
  });

  it('is a notice on the other devices, not on its own', async () => {
    const site = await openSite();
    const other = await site.call();
    site.clock.advance(1);
    const { loggedIn } = await site.addFirst();
    expect(await findNotices(site.sessions, loggedIn)).toEqual([]);
    expect(await findNotices(site.sessions, other)).toMatchObject([{ kind: 'passkey_added' }]);
  });

  it('is offered until there is one or the person says "not now"', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    expect(await mayOffer(site.deps, loggedIn)).toBe(true);
    await declineOffer(site.deps, loggedIn);
    expect(await mayOffer(site.deps, await site.call())).toBe(false);
  });

  it('is made for 32 random bytes, which do not tell the user', async () => {
    const site = await openSite();
    const loggedIn = await site.call();
    const offered = await offerPasskey(site.deps, loggedIn, 'masked');
    const reply = offered.ok ? offered.value.reply : null;
    expect(reply).toMatchObject({ rp: { id: 'login.example' }, user: { name: 'masked' } });
    expect(Buffer.from(reply?.user.id ?? '', 'base64url')).toHaveLength(32);
    expect(JSON.stringify(reply)).not.toContain(loggedIn.user.id);
  });

  it.each<[string, Deviation]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another host', { rpId: 'evil.example' }],
    ['another challenge', { challenge: createToken() }],
    ['the answer to another ceremony', { type: 'webauthn.get' }],
    ['a person who was not verified', { isUserVerified: false }],
    ['a copy of what cannot be copied', { backup: 'done but not eligible' }],
  ])('is refused with %s', async (_, deviation) => {
    const site = await openSite();
    const loggedIn = await site.call();
    expect(await site.add(loggedIn, deviation)).toMatchObject(failure('passkey_refused'));
    expect(await site.passkeysOf(loggedIn)).toEqual([]);
  });
});

describe('a login by passkey', () => {
  it.each<[string, Deviation]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another host', { rpId: 'evil.example' }],
    ['another challenge', { challenge: createToken() }],
    ['the answer to another ceremony', { type: 'webauthn.create' }],
    ['a person who was not verified', { isUserVerified: false }],
    ['another user handle', { userHandle: createToken() }],
    ['another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    ['a copy of what could not be copied when it was made', { backup: 'done' }],
    ['flags that contradict each other', { backup: 'done but not eligible' }],
  ])('is refused and recorded with %s', async (_, deviation) => {
    const site = await openSite();
    const { passkey } = await site.addFirst();
    expect(await site.use(passkey, deviation)).toMatchObject(failure('passkey_refused'));
    expect((await site.eventTypes()).at(-1)).toBe('passkey_refused');
    expect(await site.use(passkey)).toMatchObject({ ok: true });
  });

  it('records twenty refusals an hour for one user', async () => {
    const site = await openSite();
    const { passkey } = await site.addFirst();
    for (let tries = 0; tries < 25; tries += 1) {
      await site.use(passkey, { userHandle: 'another' });
    }
    const refused = (await site.eventTypes()).filter((type) => type === 'passkey_refused');
    expect(refused).toHaveLength(20);
  });

  it('is refused when the counter does not go up', async () => {
    const site = await openSite();
    const { passkey } = await site.addFirst({ counter: 5 });
    expect(await site.use(passkey, { counter: 6 })).toMatchObject({ ok: true });
    for (const counter of [6, 5, 0]) {
      expect(await site.use(passkey, { counter })).toMatchObject(failure('passkey_refused'));
    }
    expect(await site.use(passkey, { counter: 7 })).toMatchObject({ ok: true });
  });

  it('takes each challenge once, also at the same moment', async () => {
    const site = await openSite();
    const { passkey } = await site.addFirst();
    const challenge = createUseChallenge(site.clock.now());
    const use = passkey.use(challenge);
    const logIn = () => logInWithPasskey(site.deps, challenge, use, TEST_CLIENT);
    const outcomes = await Promise.all([logIn(), logIn(), logIn()]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await logIn()).toMatchObject(failure('passkey_expired'));
  });

  it('takes a challenge for five minutes, and none that was made for adding a passkey', async () => {
    const site = await openSite();
    const { passkey } = await site.addFirst();
    const challenge = createUseChallenge(site.clock.now());
    const use = passkey.use(challenge);
    const forAdding: Challenge = { ...challenge, use: 'create', userId: '', webauthnUserId: '' };
    for (const wrong of [null, forAdding]) {
      expect(await logInWithPasskey(site.deps, wrong, use, TEST_CLIENT)).toMatchObject(
        failure('passkey_expired'),
      );
    }
    site.clock.advance(5 * MINUTE_MS);
    expect(await logInWithPasskey(site.deps, challenge, use, TEST_CLIENT)).toMatchObject(
      failure('passkey_expired'),
    );
  });

  it('is refused to a passkey that was removed here, and to a disabled user', async () => {
    const site = await openSite();
    const { passkey, loggedIn } = await site.addFirst();
    await setUserState(site.store, loggedIn.user.id, { disabled_at: site.clock.now() });
    expect(await site.use(passkey)).toMatchObject(failure('user_disabled'));
    await site.store.deleteFrom('passkeys').execute();
    expect(await site.use(passkey)).toMatchObject(failure('passkey_unknown'));
  });

  it('works while twenty rivals contest the number, which keeps a call out', async () => {
    const site = await openSite(careless);
    const { passkey, loggedIn } = await site.addFirst();
    site.clock.advance(30 * MINUTE_MS);
    for (let rivals = 0; rivals < 20; rivals += 1) {
      await site.start(createToken());
    }
    await expect(site.call()).rejects.toThrow('contested');
    const used = await site.use(passkey);
    expect(used.ok && (await site.open(used.value)).user.id).toBe(loggedIn.user.id);
  });
});

describe('a session that a call alone opened, where the account has a passkey', () => {
  async function openLimited() {
    const site = await openSite();
    const { passkey, loggedIn: owner } = await site.addFirst();
    site.clock.advance(1);
    return { site, passkey, owner, limited: await site.call() };
  }

  it('neither adds nor removes passkeys nor ends other sessions', async () => {
    const { site, owner, limited } = await openLimited();
    const [passkey] = await site.passkeysOf(owner);
    const outcomes = [
      await site.add(limited),
      await removeOwnPasskey(site.deps, limited, passkey?.id ?? ''),
      await endOtherSession(site.sessions, limited, owner.session.public_id),
      await endOtherSessions(site.sessions, limited),
    ];
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject(failure('session_limited'));
    }
    expect(await site.countSessions()).toBe(2);
    expect(await site.passkeysOf(owner)).toHaveLength(1);
  });

  it('does everything once a passkey was used in it, under a new token', async () => {
    const { site, passkey, limited } = await openLimited();
    const confirmed = await site.confirm(limited, passkey);
    const session = await site.open(confirmed.ok ? confirmed.value : '');
    expect(session.session.public_id).toBe(limited.session.public_id);
    expect(session.session.id_hash).not.toBe(limited.session.id_hash);
    expect(await site.add(session)).toMatchObject({ ok: true });
    expect(await endOtherSessions(site.sessions, session)).toMatchObject({ ok: true });
  });

  it('does everything after 24 hours in which no other device ended it', async () => {
    const { site, owner, limited } = await openLimited();
    site.clock.advance(DAY_MS - 1);
    expect(await site.add(limited)).toMatchObject(failure('session_limited'));
    site.clock.advance(1);
    expect(await site.add(limited)).toMatchObject({ ok: true });
    expect(await endOtherSession(site.sessions, limited, owner.session.public_id)).toMatchObject({
      ok: true,
    });
  });

  it('is a notice on the other devices, which can end it', async () => {
    const { site, owner, limited } = await openLimited();
    const notices = await findNotices(site.sessions, owner);
    expect(notices).toMatchObject([{ kind: 'call_alone', sessionId: limited.session.public_id }]);
    expect(await endOtherSession(site.sessions, owner, limited.session.public_id)).toMatchObject({
      ok: true,
    });
    expect(await site.countSessions()).toBe(1);
  });

  it('is not confirmed by the passkey of another user', async () => {
    const { site, limited, owner } = await openLimited();
    const stranger = await openSite();
    const { passkey } = await stranger.addFirst();
    const row = (await stranger.store.selectFrom('passkeys').selectAll().execute())[0];
    await site.store
      .insertInto('users')
      .values({
        id: 'stranger',
        phone_number: stranger.phoneNumber,
        created_at: 0,
        last_active_at: 0,
        webauthn_user_id: passkey.userHandle,
      })
      .execute();
    if (row !== undefined) {
      await site.store
        .insertInto('passkeys')
        .values({ ...row, user_id: 'stranger' })
        .execute();
    }
    expect(await site.confirm(limited, passkey)).toMatchObject(failure('passkey_refused'));
    expect(await site.add(owner)).toMatchObject({ ok: true });
  });
});

describe('the passkeys of an account', () => {
  it('are changed within five minutes of the use of one, not by a copied cookie later', async () => {
    const site = await openSite();
    const { passkey, loggedIn } = await site.addFirst();
    site.clock.advance(5 * MINUTE_MS);
    const [known] = await site.passkeysOf(loggedIn);
    expect(await site.add(loggedIn)).toMatchObject(failure('passkey_needs_confirmation'));
    expect(await removeOwnPasskey(site.deps, loggedIn, known?.id ?? '')).toMatchObject(
      failure('passkey_needs_confirmation'),
    );
    const confirmed = await site.confirm(loggedIn, passkey);
    const fresh = await site.open(confirmed.ok ? confirmed.value : '');
    expect(await site.add(fresh)).toMatchObject({ ok: true });
    expect(await removeOwnPasskey(site.deps, fresh, known?.id ?? '')).toMatchObject({ ok: true });
  });

  it('are ten at most', async () => {
    const site = await openSite();
    let { loggedIn } = await site.addFirst();
    for (let count = 1; count < 10; count += 1) {
      const added = await site.add(loggedIn);
      loggedIn = await site.open(added.ok ? added.value : '');
    }
    expect(await site.add(loggedIn)).toMatchObject(failure('passkeys_full'));
  });

  it('are renamed and removed by their owner alone', async () => {
    const site = await openSite();
    const { loggedIn } = await site.addFirst();
    const [passkey] = await site.passkeysOf(loggedIn);
    const id = passkey?.id ?? '';
    const stranger = { ...loggedIn, user: { ...loggedIn.user, id: 'stranger' } };
    expect(await renameOwnPasskey(site.deps, stranger, id, 'x')).toMatchObject(
      failure('passkey_missing'),
    );
    expect(await removeOwnPasskey(site.deps, stranger, id)).toMatchObject(
      failure('passkey_missing'),
    );
    await renameOwnPasskey(site.deps, loggedIn, id, 'My phone');
    expect(await site.passkeysOf(loggedIn)).toMatchObject([{ name: 'My phone' }]);
  });
});

describe('a number that changes hands', () => {
  async function changeHands() {
    const site = await openSite();
    const { passkey, loggedIn: old } = await site.addFirst();
    site.clock.advance(366 * DAY_MS);
    return { site, passkey, old, fresh: await site.call() };
  }

  it('gives its new owner a new account without passkeys; the old passkey opens the old account', async () => {
    const { site, passkey, old, fresh } = await changeHands();
    expect(fresh.user.id).not.toBe(old.user.id);
    expect(await site.passkeysOf(fresh)).toEqual([]);
    const used = await site.use(passkey);
    const back = await site.open(used.ok ? used.value : '');
    expect(back.user).toMatchObject({ id: old.user.id, set_aside_at: site.clock.now() });
    const [known] = await site.passkeysOf(back);
    expect(await removeOwnPasskey(site.deps, back, known?.id ?? '')).toMatchObject(
      failure('passkey_is_last'),
    );
  });

  it('changes hands although the old owner goes on logging in with a passkey', async () => {
    const site = await openSite();
    const { passkey, loggedIn: old } = await site.addFirst();
    site.clock.advance(200 * DAY_MS);
    const used = await site.use(passkey);
    await site.open(used.ok ? used.value : '');
    site.clock.advance(166 * DAY_MS);
    expect((await site.call()).user.id).not.toBe(old.user.id);
  });
});
