import 'server-only';
import { createToken, hashToken } from '../crypto/token.ts';
import { beginSession } from '../sessions/begin.ts';
import type { LoggedIn } from '../sessions/open.ts';
import type { PasskeyUseRequest } from '../shared/contract.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import { setPasskeyUsed } from '../store/passkeys.ts';
import type { ClientInfo } from '../store/schema.ts';
import { setPasskeyUsedInSession } from '../store/sessions.ts';
import { findUser, setLastPasskeyLogin } from '../store/users.ts';
import { type Challenge, consumeChallenge } from './challenge.ts';
import type { PasskeyDependencies } from './dependencies.ts';
import { recordRefusal, type UseProblem, type VerifiedUse, verifyUse } from './verify-use.ts';

/**
 * Logs in with a passkey: begins a session for the passkey's user, also for one set aside. Nothing here asks
 * the vendor, so this works while the vendor is down and while a call number is contested.
 *
 * @returns the token of the new session.
 */
export async function logInWithPasskey(
  deps: PasskeyDependencies,
  challenge: Challenge | null,
  use: PasskeyUseRequest,
  client: ClientInfo,
): Promise<Result<string, UseProblem | { code: 'user_disabled' }>> {
  const verified = await verifyUse(deps, challenge, use);
  if (!verified.ok) {
    return verified;
  }
  const sessionToken = createToken();
  return await recordUse(deps, verified.value, async ({ transaction, record }, at) => {
    const user = await findUser(transaction, verified.value.user.id);
    if (user === null || user.disabled_at !== null) {
      return fail({ code: user === null ? 'passkey_unknown' : 'user_disabled' });
    }
    await setLastPasskeyLogin(transaction, user.id, at);
    await beginSession(transaction, {
      user,
      method: 'passkey',
      sessionToken,
      client,
      at,
      ttlMs: deps.sessionTtlMs,
    });
    record({ at, type: 'passkey_used', userId: user.id, client });
    return succeed(sessionToken);
  });
}

/**
 * Confirms with a passkey that the person at a session is its user. Lifts the limits of the session and
 * gives it a new token, so that a copy of the old cookie gains nothing.
 *
 * @returns the new token of the session.
 */
export async function confirmWithPasskey(
  deps: PasskeyDependencies,
  { user, session }: LoggedIn,
  challenge: Challenge | null,
  use: PasskeyUseRequest,
): Promise<Result<string, UseProblem | { code: 'not_logged_in' }>> {
  const verified = await verifyUse(deps, challenge, use);
  if (!verified.ok) {
    return verified;
  }
  if (verified.value.user.id !== user.id) {
    await recordRefusal(deps, user);
    return fail({ code: 'passkey_refused' });
  }
  const sessionToken = createToken();
  return await recordUse(deps, verified.value, async ({ transaction, record }, at) => {
    const newIdHash = hashToken(sessionToken);
    if (!(await setPasskeyUsedInSession(transaction, session.id_hash, { newIdHash, at }))) {
      return fail({ code: 'not_logged_in' });
    }
    record({ at, type: 'passkey_confirmed', userId: user.id, client: session });
    return succeed(sessionToken);
  });
}

/** Uses up the challenge, moves the counter on and makes the change, in one transaction. */
async function recordUse<Problem>(
  deps: PasskeyDependencies,
  { challenge, passkey, counter, isBackedUp }: VerifiedUse,
  change: (audited: AuditedTransaction, at: number) => Promise<Result<string, Problem>>,
): Promise<Result<string, Problem | UseProblem>> {
  const at = deps.clock.now();
  return await auditedTransaction(deps, async (audited) => {
    const { transaction } = audited;
    if (!(await consumeChallenge(transaction, challenge, at))) {
      return fail({ code: 'passkey_expired' });
    }
    const use = { after: passkey.counter, counter, isBackedUp, at };
    return (await setPasskeyUsed(transaction, passkey.id, use))
      ? await change(audited, at)
      : fail({ code: 'passkey_refused' });
  });
}
