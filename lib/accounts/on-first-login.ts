import 'server-only';
import type { Log } from '../observe/log.ts';
import type { Store, User } from '../store/schema.ts';

/**
 * Runs your code for a user who has just logged in for the first time, whoever added them. Empty here.
 *
 * It runs after the transaction of the login and before the browser is told, which waits for it. At most
 * once: when it throws, `first_login_failed` is logged and the user is logged in all the same, and a process
 * that is killed meanwhile does not run it again.
 */
export async function onFirstLogin(
  _app: { store: Store; log: Log },
  _user: Pick<User, 'id' | 'phone_number'>,
): Promise<void> {}
