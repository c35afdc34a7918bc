import 'server-only';
import { randomUUID } from 'node:crypto';
import { hashToken } from '../crypto/token.ts';
import type { LoginDependencies } from '../login/dependencies.ts';
import { findDevices, insertDevice } from '../store/devices.ts';
import type { ClientInfo, Queries, User } from '../store/schema.ts';
import { insertSession } from '../store/sessions.ts';

/**
 * Begins a session, and notes the device where this user has not logged in with such a one before:
 * the user's other sessions are then shown it.
 */
export async function beginSession(
  deps: LoginDependencies,
  transaction: Queries,
  login: { user: User; sessionToken: string; from: ClientInfo; at: number },
): Promise<void> {
  const { user, from, at } = login;
  const publicId = randomUUID();
  const isNew = await insertDevice(transaction, {
    user_id: user.id,
    device: from.device,
    network: from.network,
    session_public_id: publicId,
    first_login_at: at,
    notices_seen_at: at,
  });
  const devices = isNew ? [] : await findDevices(transaction, user.id);
  const known = devices.find(({ device }) => device === from.device);
  await insertSession(transaction, {
    id_hash: hashToken(login.sessionToken),
    public_id: publicId,
    user_id: user.id,
    device: from.device,
    network: from.network,
    created_at: at,
    expires_at: at + deps.rules.sessionTtlMs,
    // A person back on a known device is shown what they have not been shown on it yet.
    notices_seen_at: known?.notices_seen_at ?? at,
  });
}
