import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';
import { auditedTransaction } from '../store/audit.ts';
import { deletePasskey, findPasskeys } from '../store/passkeys.ts';
import type { Passkey, User } from '../store/schema.ts';
import { type AccountName, findAccount } from './find.ts';
import type { AccountDependencies, AccountError } from './manage.ts';

/** The passkeys of an account, the newest first. */
export async function listPasskeys(
  { store }: AccountDependencies,
  name: AccountName,
): Promise<Result<Passkey[], AccountError>> {
  return await store.transaction().execute(async (transaction) => {
    const user = await findAccount(transaction, name);
    return user.ok ? succeed(await findPasskeys(transaction, user.value.id)) : user;
  });
}

/**
 * Removes all passkeys of an account, for a person who has lost them: a call alone opens the account without
 * limits from then on. Its sessions go on.
 */
export async function removePasskeys(
  deps: AccountDependencies,
  name: AccountName,
): Promise<Result<User, AccountError>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    const user = await findAccount(transaction, name);
    if (!user.ok) {
      return user;
    }
    const userId = user.value.id;
    const passkeys = await findPasskeys(transaction, userId);
    if (passkeys.length === 0) {
      return fail('no_passkeys');
    }
    for (const { id } of passkeys) {
      await deletePasskey(transaction, { userId, id });
    }
    record({ at: deps.clock.now(), type: 'passkeys_removed_by_operator', userId });
    return user;
  });
}
