import { describe, expect, it } from 'vitest';
import { sessionReplySchema } from '#lib/shared/contract.ts';
import { platform } from '#tests/support/app-server.ts';
import { countSessions, logIn, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

describe('one verified attempt', () => {
  it('creates one session under a hundred concurrent polls, in ten rounds', {
    timeout: 300_000,
  }, async () => {
    for (let round = 0; round < 10; round += 1) {
      const visitor = newVisitor();
      const phoneNumber = randomPhoneNumber();
      const { call_number } = await (await visitor.start(phoneNumber)).json();
      await vendor.call(phoneNumber, call_number);
      const copies = Array.from({ length: 100 }, () => visitor.clone());
      const answers = await Promise.all(copies.map((copy) => copy.status()));
      const statuses = new Set(answers.map(({ status }) => status));
      // PostgreSQL has fewer connections than there are polls; some may wait for one in vain.
      statuses.delete(platform.store === 'sqlite' ? 0 : 503);
      expect(statuses, String(round)).toEqual(new Set([200]));
      expect(await countSessions(phoneNumber), String(round)).toBe(1);
    }
  });
});

describe('one number', () => {
  it('has one user, however often it logs in', async () => {
    const phoneNumber = randomPhoneNumber();
    const ids = new Set<string>();
    for (let login = 0; login < 5; login += 1) {
      const visitor = await logIn(phoneNumber);
      const session = await visitor.fetch('/api/auth/session');
      ids.add(sessionReplySchema.parse(await session.json()).user.id);
    }
    expect(ids.size).toBe(1);
  });
});
