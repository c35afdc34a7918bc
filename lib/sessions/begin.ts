import 'server-only';
import { randomUUID } from 'node:crypto';
import { hashToken } from '../crypto/token.ts';
import { findDevices, insertDevice } from '../store/devices.ts';
import type { ClientInfo, LoginMethod, Queries, User } from '../store/schema.ts';
import { insertSession } from '../store/sessions.ts';

/**
 * Begins a session. If the user has not logged in with this kind of device before, the device is recorded and
 * the user's other sessions show a notice.
 */
export async function beginSession(
  transaction: Queries,
  login: {
    user: User;
    method: LoginMethod;
    sessionToken: string;
    client: ClientInfo;
    at: number;
    ttlMs: number;
  },
): Promise<void> {
  const { user, client, at } = login;
  const publicId = randomUUID();
  const isNew = await insertDevice(transaction, {
    user_id: user.id,
    device: client.device,
    network: client.network,
    session_public_id: publicId,
    first_login_at: at,
    notices_seen_at: at,
  });
  const devices = isNew ? [] : await findDevices(transaction, user.id);
  const known = devices.find(({ device }) => device === client.device);
  await insertSession(transaction, {
    id_hash: hashToken(login.sessionToken),
    public_id: publicId,
    user_id: user.id,
    device: client.device,
    network: client.network,
    created_at: at,
    expires_at: at + login.ttlMs,
    // Back on a known device, a person is shown the notices they have not seen on it yet.
    notices_seen_at: known?.notices_seen_at ?? at,
    method: login.method,
    passkey_used_at: login.method === 'passkey' ? at : null,
  });
}
