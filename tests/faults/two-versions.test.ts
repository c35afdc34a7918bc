import { beforeAll, describe, expect, inject, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import type { AppServer } from '#tests/support/app-server.ts';
import { type Deployment, deploy, startAt } from '#tests/support/deployment.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { hasPreviousVersion, providePreviousVersion } from '#tests/support/previous-version.ts';
import { randomPhoneNumber, type Visitor } from '#tests/support/visitor.ts';

/** A person in mid-login, and where the first half of it went. */
type Started = Awaited<ReturnType<typeof startAt>>;

describe.skipIf(!(await hasPreviousVersion()))('while a new version takes over', () => {
  let previous = '';
  beforeAll(async () => {
    previous = await providePreviousVersion();
  }, 300_000);

  /** As it is in a deploy: the new one comes, and changes the tables, while the old one serves. */
  async function overlap<Before>(beforeTheNewOne: (older: AppServer) => Promise<Before>) {
    const database = await createDatabase(inject('postgresUrl'));
    const site = await deploy({ DATABASE_URL: database });
    const older = await site.add(previous);
    const started = await beforeTheNewOne(older);
    const newer = await site.add();
    return { site, database, older, newer, started };
  }

  async function callAndPoll(
    site: Deployment,
    { phoneNumber, callNumber }: Pick<Started, 'phoneNumber' | 'callNumber'>,
    at: Visitor,
  ) {
    const held = at.status();
    await site.vendor.call(phoneNumber, callNumber);
    expect(await (await held).json()).toEqual({ status: 'verified' });
  }

  async function isLoggedIn(visitor: Visitor): Promise<boolean> {
    return (await visitor.fetch('/api/auth/session')).status === 200;
  }

  it('who began at the old one before is let in by either, and known to both', {
    timeout: 90_000,
  }, async () => {
    const { site, database, older, newer, started } = await overlap(async (older) => [
      await startAt(older),
      await startAt(older),
    ]);
    for (const [index, person] of started.entries()) {
      const [there, elsewhere] = index === 0 ? [newer, older] : [older, newer];
      const visitor = person.visitor.clone(there.origin);
      await callAndPoll(site, person, visitor);
      expect(await isLoggedIn(visitor)).toBe(true);
      expect(await isLoggedIn(visitor.clone(elsewhere.origin))).toBe(true);
    }
    expect(await execute(database, 'select * from sessions')).toHaveLength(2);
  });

  it('who begins meanwhile at one is let in by the other, and out at the first again', {
    timeout: 90_000,
  }, async () => {
    const { site, older, newer } = await overlap(async () => null);
    for (const [first, second] of [
      [older, newer],
      [newer, older],
    ] as const) {
      const person = await startAt(first);
      const visitor = person.visitor.clone(second.origin);
      await callAndPoll(site, person, visitor);
      const back = visitor.clone(first.origin);
      expect(await isLoggedIn(back)).toBe(true);
      expect((await back.post('/api/auth/logout', {})).status).toBe(200);
      expect(await isLoggedIn(visitor)).toBe(false);
    }
  });

  it('who begins again at the new one is still the same browser', { timeout: 90_000 }, async () => {
    const { site, newer, started } = await overlap(startAt);
    const visitor = started.visitor.clone(newer.origin);
    const phoneNumber = randomPhoneNumber();
    const again = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    expect((await started.visitor.status()).status).toBe(410);
    await callAndPoll(site, { phoneNumber, callNumber: again.call_number }, visitor);
  });
});
