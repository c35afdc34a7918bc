import type { Session } from '#lib/store/schema.ts';

/** A new session with default values for everything that is not `given`. */
export function newSession(given: {
  id_hash: string;
  user_id: string;
  created_at: number;
  expires_at: number;
  device?: string;
  network?: string;
}): Omit<Session, 'last_used_at'> {
  return {
    public_id: `public ${given.id_hash}`,
    device: 'Safari · iOS',
    network: '192.0.2.0/24',
    notices_seen_at: given.created_at,
    method: 'call',
    passkey_used_at: null,
    ...given,
  };
}
