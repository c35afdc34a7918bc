import { expect, it, onTestFinished } from 'vitest';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { openTestStore } from '#tests/support/stores.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { compileOnce } from './compile-once.ts';
import type { User } from './schema.ts';
import { openSqlite } from './sqlite.ts';
import { insertUser } from './users.ts';

it('a query is built once for each database, and runs with the values of each call', async () => {
  const store = await openTestStore();
  const phoneNumber = newPhoneNumber();
  await insertUser(store, { id: 'one', phoneNumber, createdAt: 1 });
  await insertUser(store, { id: 'other', phoneNumber: newPhoneNumber(), createdAt: 2 });
  let built = 0;
  const select = compileOnce<{ phoneNumber: PhoneNumber; id: string }, Pick<User, 'id'>>(
    (queries, value) => {
      built += 1;
      return queries
        .selectFrom('users')
        .select('id')
        .where((where) =>
          where.or([
            where('phone_number', '=', value('phoneNumber')),
            where('id', '=', value('id')),
            where('webauthn_user_id', '=', value('id')),
          ]),
        )
        .where('last_login_at', 'is', null)
        .orderBy('created_at');
    },
  );
  const find = async (queries: typeof store, values: { phoneNumber: PhoneNumber; id: string }) =>
    (await select(queries, values)).rows.map(({ id }) => id);
  expect(await find(store, { phoneNumber, id: 'other' })).toEqual(['one', 'other']);
  expect(await find(store, { phoneNumber: newPhoneNumber(), id: 'other' })).toEqual(['other']);
  await store.transaction().execute(async (transaction) => {
    expect(await find(transaction, { phoneNumber: newPhoneNumber(), id: 'one' })).toEqual(['one']);
  });
  expect(built).toBe(1);

  const elsewhere = openSqlite(':memory:');
  onTestFinished(() => elsewhere.destroy());
  await expect(find(elsewhere, { phoneNumber, id: '' })).rejects.toThrow('no such table');
  expect(built).toBe(2);
});
