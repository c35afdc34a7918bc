import { describe, expect, it } from 'vitest';
import { sessionReplySchema } from '#lib/shared/contract.ts';
import { logIn, newVisitor, queryDatabase, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

describe('one verified attempt', () => {
  it('creates one session under a hundred concurrent polls, in ten rounds', {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < 10; round += 1) {
      const visitor = newVisitor();
      const phoneNumber = randomPhoneNumber();
      const { call_number } = await (await visitor.start(phoneNumber)).json();
      await vendor.call(phoneNumber, call_number);
      const copies = Array.from({ length: 100 }, () => visitor.clone());
      const answers = await Promise.all(copies.map((copy) => copy.status()));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      const sessions = queryDatabase(
        `select sessions.id_hash from sessions join users on users.id = sessions.user_id
         where users.phone_number = ?`,
        phoneNumber,
      );
      expect(sessions, String(round)).toHaveLength(1);
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
