import 'server-only';
import { randomUUID } from 'node:crypto';
import { hashToken } from '../crypto/token.ts';
import { insertDevice } from '../store/devices.ts';
import type { ClientInfo, LoginMethod, Queries, User } from '../store/schema.ts';
import { insertSession } from '../store/sessions.ts';

/**
 * Begins a session. If the user has not logged in with this kind of device before, the device is recorded and
 * the user's other sessions show a notice.
 */
export async function beginSession(
  transaction: Queries,
  login: {
    user: Pick<User, 'id'>;
    method: LoginMethod;
    sessionToken: string;
    client: ClientInfo;
    at: number;
    ttlMs: number;
  },
): Promise<void> {
  const { user, client, at } = login;
  const publicId = randomUUID();
  await insertDevice(transaction, {
    user_id: user.id,
    device: client.device,
    network: client.network,
    session_public_id: publicId,
    first_login_at: at,
    notices_seen_at: at,
  });
  // Back on a known device, a person is shown the notices they have not seen on it yet.
  await insertSession(transaction, {
    id_hash: hashToken(login.sessionToken),
    public_id: publicId,
    user_id: user.id,
    device: client.device,
    network: client.network,
    created_at: at,
    expires_at: at + login.ttlMs,
    method: login.method,
    passkey_used_at: login.method === 'passkey' ? at : null,
  });
}
