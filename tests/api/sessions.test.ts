import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { sessionReplySchema } from '#lib/shared/contract.ts';
import { en } from '#lib/shared/messages/en.ts';
import { databasePath, logIn, newVisitor, queryDatabase } from '#tests/support/servers.ts';
import { randomPhoneNumber, userAgents, type Visitor } from '#tests/support/visitor.ts';

async function userIdOf(visitor: Visitor): Promise<string> {
  const response = await visitor.fetch('/api/auth/session');
  return sessionReplySchema.parse(await response.json()).user.id;
}

/** The public ids of a user's sessions, oldest first. */
async function sessionIdsOf(visitor: Visitor): Promise<string[]> {
  const rows = queryDatabase(
    'select public_id from sessions where user_id = ? order by created_at',
    await userIdOf(visitor),
  );
  return rows.map((row) => String(row.public_id));
}

/** The types of a user's events, oldest first. */
const eventsOf = (userId: string) =>
  queryDatabase('select type from events where user_id = ? order by id', userId).map(
    ({ type }) => type,
  );

const isLoggedIn = async (visitor: Visitor) =>
  (await visitor.fetch('/api/auth/session')).status === 200;

const end = (visitor: Visitor, id: string, headers: Record<string, string> = {}) =>
  visitor.fetch(`/api/auth/sessions/${id}`, { method: 'DELETE', headers });

const endOthers = (visitor: Visitor, headers: Record<string, string> = {}) =>
  visitor.fetch('/api/auth/sessions', { method: 'DELETE', headers });

/** The account page without its scripts, which hold every text of the language. */
const accountPage = async (visitor: Visitor) => {
  const response = await visitor.fetch('/account', { headers: { 'accept-language': 'en' } });
  return (await response.text()).replaceAll(/<!-- -->|<script.*?<\/script>/gs, '');
};

const markSeen = (visitor: Visitor, until: string) =>
  visitor.post('/api/auth/sessions/seen', { until });

describe('"log out there"', () => {
  it('ends only the other session, for every copy of its cookie', async () => {
    const phoneNumber = randomPhoneNumber();
    const [mine, other, third] = [
      await logIn(phoneNumber),
      await logIn(phoneNumber, userAgents.safariOnIphone),
      await logIn(phoneNumber),
    ];
    const copy = other.clone();
    const [, otherId = ''] = await sessionIdsOf(mine);
    expect((await end(mine, otherId)).status).toBe(200);

    for (const visitor of [other, copy]) {
      expect(await isLoggedIn(visitor)).toBe(false);
      expect((await visitor.fetch('/account')).headers.get('location')).toBe('/login');
      expect((await endOthers(visitor)).status).toBe(401);
    }
    expect([await isLoggedIn(mine), await isLoggedIn(third)]).toEqual([true, true]);
    expect(eventsOf(await userIdOf(mine)).at(-1)).toBe('session_ended');
    const again = await end(mine, otherId);
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ code: 'session_missing' });
  });

  it('cannot end another user’s session and records nothing', async () => {
    const [mine, stranger] = [await logIn(randomPhoneNumber()), await logIn(randomPhoneNumber())];
    const [strangerId = ''] = await sessionIdsOf(stranger);
    expect((await end(mine, strangerId)).status).toBe(404);
    expect(await isLoggedIn(stranger)).toBe(true);
    for (const visitor of [mine, stranger]) {
      expect(eventsOf(await userIdOf(visitor))).toEqual(['user_created', 'attempt_completed']);
    }
  });

  it.each(['', 'seen', 'nobody', "' or 1=1 --", '%00', '..%2Fsessions', 'a'.repeat(200)])(
    'finds no session %j',
    async (id) => {
      const [mine, other] = await Promise.all(
        [randomPhoneNumber(), randomPhoneNumber()].map((phoneNumber) => logIn(phoneNumber)),
      );
      const response = await end(mine ?? newVisitor(), encodeURIComponent(id) || '%20');
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(await isLoggedIn(other ?? newVisitor())).toBe(true);
    },
  );

  it('does not end the session that asks', async () => {
    const mine = await logIn(randomPhoneNumber());
    const [ownId = ''] = await sessionIdsOf(mine);
    expect((await end(mine, ownId)).status).toBe(404);
    expect(await isLoggedIn(mine)).toBe(true);
  });

  it('is refused to other sites and to anonymous visitors', async () => {
    const phoneNumber = randomPhoneNumber();
    const [mine, other] = [await logIn(phoneNumber), await logIn(phoneNumber)];
    const [, otherId = ''] = await sessionIdsOf(mine);
    expect((await end(mine, otherId, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await end(newVisitor(), otherId)).status).toBe(401);
    expect(await isLoggedIn(other)).toBe(true);
  });
});

describe('"log out everywhere else"', () => {
  it('ends all of the user’s other sessions and none of other users', async () => {
    const phoneNumber = randomPhoneNumber();
    const [mine, other, third, stranger] = [
      await logIn(phoneNumber),
      await logIn(phoneNumber),
      await logIn(phoneNumber, userAgents.firefoxOnAndroid),
      await logIn(randomPhoneNumber()),
    ];
    const copy = other.clone();
    expect((await endOthers(mine)).status).toBe(200);
    for (const visitor of [other, third, copy]) {
      expect(await isLoggedIn(visitor)).toBe(false);
      expect((await visitor.fetch('/account')).headers.get('location')).toBe('/login');
    }
    expect([await isLoggedIn(mine), await isLoggedIn(stranger)]).toEqual([true, true]);
    const events = eventsOf(await userIdOf(mine));
    expect((await endOthers(mine)).status).toBe(200);
    expect(eventsOf(await userIdOf(mine))).toEqual(events);
    expect(events.at(-1)).toBe('other_sessions_ended');
  });

  it('is refused to other sites and to anonymous visitors', async () => {
    const phoneNumber = randomPhoneNumber();
    const [mine, other] = [await logIn(phoneNumber), await logIn(phoneNumber)];
    expect((await endOthers(mine, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await endOthers(newVisitor())).status).toBe(401);
    expect(await isLoggedIn(other)).toBe(true);
  });
});

describe('an ended session', () => {
  it.each([
    ['was idle for too long', 'last_used_at = last_used_at - 86400000'],
    ['is too old', 'expires_at = expires_at - 604800000'],
  ])('is rejected and not listed because it %s', async (_why, change) => {
    const phoneNumber = randomPhoneNumber();
    const mine = await logIn(phoneNumber);
    const other = await logIn(phoneNumber, userAgents.safariOnIphone);
    expect(await isLoggedIn(other)).toBe(true);
    const [, otherId = ''] = await sessionIdsOf(mine);
    queryDatabase(`update sessions set ${change} where public_id = ?`, otherId);
    expect(await accountPage(mine)).not.toContain(en.account.endSession);
    expect(await isLoggedIn(other)).toBe(false);
    expect((await other.fetch('/account')).headers.get('location')).toBe('/login');
  });

  it('is rejected because its user was deleted', async () => {
    const mine = await logIn(randomPhoneNumber());
    const userId = await userIdOf(mine);
    const database = new DatabaseSync(databasePath, { enableForeignKeyConstraints: true });
    database.prepare('delete from users where id = ?').run(userId);
    database.close();
    expect(await isLoggedIn(mine)).toBe(false);
  });
});

describe('the account page', () => {
  it('lists the user’s sessions, by device and network, and events', async () => {
    const phoneNumber = randomPhoneNumber();
    const mine = await logIn(phoneNumber);
    const other = await logIn(phoneNumber, userAgents.safariOnIphone);
    const page = await accountPage(mine);
    expect(page).toContain('Chrome · Windows');
    expect(page).toContain('Safari · iOS');
    for (const { network } of [mine, other]) {
      expect(page).toContain(network.replace(/\d+$/, 'x'));
      expect(page).not.toContain(network);
    }
    expect(page.split(en.account.thisBrowser)).toHaveLength(2);
    expect(page).toContain(en.account.events.user_created);
    expect(page.split(`>${en.account.events.attempt_completed}<`)).toHaveLength(3);
    const [ownHash] = queryDatabase(
      'select id_hash from sessions where user_id = ?',
      await userIdOf(mine),
    );
    const response = await mine.fetch('/account');
    expect(await response.text()).not.toContain(String(ownHash?.id_hash));
  });

  it('does not render HTML from a User-Agent', async () => {
    const phoneNumber = randomPhoneNumber();
    const mine = await logIn(phoneNumber);
    await logIn(phoneNumber, `<script>alert(1)</script>/1.0 ${'x'.repeat(2_000)}`);
    const response = await mine.fetch('/account');
    expect(await response.text()).not.toContain('alert(1)');
  });
});

describe('a login from a new device', () => {
  it('is shown in the user’s other sessions until it is dismissed there', async () => {
    const phoneNumber = randomPhoneNumber();
    const mine = await logIn(phoneNumber);
    expect(await accountPage(mine)).not.toContain(en.account.newDeviceHeading);
    const newDevice = await logIn(phoneNumber, userAgents.safariOnIphone);
    expect(await accountPage(newDevice)).not.toContain(en.account.newDeviceHeading);
    expect(await accountPage(mine)).toContain(en.account.newDeviceHeading);
    expect(await accountPage(mine)).toContain(en.account.newDeviceHeading);

    expect((await markSeen(mine, '2020-01-01T00:00:00.000Z')).status).toBe(200);
    expect(await accountPage(mine)).toContain(en.account.newDeviceHeading);
    // A timestamp in the future does not hide later logins.
    expect((await markSeen(mine, '2999-01-01T00:00:00.000Z')).status).toBe(200);
    expect(await accountPage(mine)).not.toContain(en.account.newDeviceHeading);
    await logIn(phoneNumber, userAgents.firefoxOnAndroid);
    expect(await accountPage(mine)).toContain(en.account.newDeviceHeading);
  });

  it('is shown after a login on a known device and can be dismissed only there', async () => {
    const phoneNumber = randomPhoneNumber();
    const mine = await logIn(phoneNumber);
    await mine.post('/api/auth/logout', '');
    const thief = await logIn(phoneNumber, userAgents.safariOnIphone);
    await markSeen(thief, '2999-01-01T00:00:00.000Z');
    const back = await logIn(phoneNumber);
    expect(await accountPage(back)).toContain(en.account.newDeviceHeading);
    await markSeen(back, '2999-01-01T00:00:00.000Z');
    expect(await accountPage(await logIn(phoneNumber))).not.toContain(en.account.newDeviceHeading);
  });

  it('is not shown for a device the user has logged in from before', async () => {
    const phoneNumber = randomPhoneNumber();
    const mine = await logIn(phoneNumber);
    await logIn(phoneNumber);
    expect(await accountPage(mine)).not.toContain(en.account.newDeviceHeading);
  });

  it.each(['{}', '[]', '{"until":"now"}', '{"until":"2999-01-01T00:00:00Z","more":1}'])(
    'is not dismissed by %s',
    async (body) => {
      const mine = await logIn(randomPhoneNumber());
      expect((await mine.post('/api/auth/sessions/seen', body)).status).toBe(400);
    },
  );
});
