import 'server-only';
import type { LoggedIn } from '../sessions/open.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { auditedTransaction } from '../store/audit.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import { deletePasskey, findPasskeys, hasPasskey, renamePasskey } from '../store/passkeys.ts';
import { setOnce } from '../store/users.ts';
import type { PasskeyDependencies } from './dependencies.ts';
import { type ManageProblem, mayAdd, mayManage } from './may-manage.ts';

/**
 * Whether to offer a passkey after a login: the account has none, the call is recent, and the person has
 * not said "not now" before.
 */
export async function mayOffer(
  { store, clock }: PasskeyDependencies,
  { user, session }: LoggedIn,
): Promise<boolean> {
  return (
    user.passkey_offer_declined_at === null &&
    mayAdd(session, false, clock.now()).ok &&
    !(await hasPasskey(store, user.id))
  );
}

/** Remembers that the user said "not now". The account page still has the offer. */
export async function declineOffer(
  { store, clock }: PasskeyDependencies,
  { user }: LoggedIn,
): Promise<void> {
  await setOnce(store, user.id, { passkey_offer_declined_at: clock.now() });
}

/** Renames a passkey of the user. */
export async function renameOwnPasskey(
  deps: PasskeyDependencies,
  { user }: LoggedIn,
  id: string,
  name: string,
): Promise<Result<null, { code: 'passkey_missing' }>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    if (!(await renamePasskey(transaction, { userId: user.id, id }, name))) {
      return fail({ code: 'passkey_missing' });
    }
    record({ at: deps.clock.now(), type: 'passkey_renamed', userId: user.id });
    return succeed(null);
  });
}

/** Removes a passkey of the user. The last one of an account that no call opens any more stays. */
export async function removeOwnPasskey(
  deps: PasskeyDependencies,
  { user, session }: LoggedIn,
  id: string,
): Promise<Result<null, ManageProblem | { code: 'passkey_missing' | 'passkey_is_last' }>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    await acquireTransactionLock(transaction, `phone number ${user.phone_number}`);
    const at = deps.clock.now();
    const passkeys = await findPasskeys(transaction, user.id);
    const may = mayManage(session, at);
    if (passkeys.length > 0 && !may.ok) {
      return may;
    }
    const passkey = passkeys.find((one) => one.id === id);
    if (passkey === undefined) {
      return fail({ code: 'passkey_missing' });
    }
    if (user.set_aside_at !== null && passkeys.length === 1) {
      return fail({ code: 'passkey_is_last' });
    }
    await deletePasskey(transaction, { userId: user.id, id });
    record({ at, type: 'passkey_removed', userId: user.id, client: passkey });
    return succeed(null);
  });
}
