import { beforeAll, describe, expect, inject, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import type { AppServer } from '#tests/support/app-server.ts';
import { findCommit, provideBuild } from '#tests/support/build-of-ref.ts';
import { type Deployment, deploy, startAt } from '#tests/support/deployment.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { randomPhoneNumber, type Visitor } from '#tests/support/visitor.ts';

/**
 * The last commit before the current table schema. A change of the schema sets this to the commit before it:
 * in a rolling deploy both versions serve the same users for a while.
 */
const PREVIOUS_VERSION = '67406675c8678a752d01e59e336439a0b23ef0ba';

/** Null in a shallow clone or an archive, which lack the commit. */
const commit = await findCommit(PREVIOUS_VERSION);

/** A visitor with a live attempt, and the number to call for it. */
type Started = Awaited<ReturnType<typeof startAt>>;

describe.skipIf(commit === null)('while a new version replaces the previous one', () => {
  let previous = '';
  beforeAll(async () => {
    previous = await provideBuild(commit ?? '');
  }, 300_000);

  /** A rolling deploy: the new server starts and migrates the tables while the old one serves requests. */
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

  it('an attempt started on the old server completes on either, and its session is valid on both', {
    timeout: 90_000,
  }, async () => {
    const { site, database, older, newer, started } = await overlap(async (older) => [
      await startAt(older),
      await startAt(older),
    ]);
    for (const [index, person] of started.entries()) {
      const [first, second] = index === 0 ? [newer, older] : [older, newer];
      const visitor = person.visitor.clone(first.origin);
      await callAndPoll(site, person, visitor);
      expect(await isLoggedIn(visitor)).toBe(true);
      expect(await isLoggedIn(visitor.clone(second.origin))).toBe(true);
    }
    expect(await execute(database, 'select * from sessions')).toHaveLength(2);
  });

  it('an attempt started on one server completes on the other, and its session can be ended on the first', {
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

  it('a second attempt on the new server replaces the one that the same browser started on the old', {
    timeout: 90_000,
  }, async () => {
    const { site, newer, started } = await overlap(startAt);
    const visitor = started.visitor.clone(newer.origin);
    const phoneNumber = randomPhoneNumber();
    const again = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    expect((await started.visitor.status()).status).toBe(410);
    await callAndPoll(site, { phoneNumber, callNumber: again.call_number }, visitor);
  });

  it('after a rollback the previous version starts on the new tables and completes what the new one started', {
    timeout: 90_000,
  }, async () => {
    const site = await deploy({ DATABASE_URL: await createDatabase(inject('postgresUrl')) });
    const newer = await site.add();
    const person = await startAt(newer);
    await newer.stop();
    const older = await site.add(previous);
    expect(older.output()).toContain('"event":"store_is_newer"');
    const visitor = person.visitor.clone(older.origin);
    await callAndPoll(site, person, visitor);
    expect(await isLoggedIn(visitor)).toBe(true);
    expect(await isLoggedIn(visitor.clone((await site.add()).origin))).toBe(true);
  });
});
