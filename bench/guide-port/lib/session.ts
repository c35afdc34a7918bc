import { getIronSession } from 'iron-session';
import { cookies } from 'next/headers';
import type { User } from './users.ts';

/** What the guide keeps in Rails' cookie session. */
interface SessionData {
  pauth_session_id: string;
  user: User;
}

const options = {
  cookieName: 'guide-port-session',
  password: process.env.SESSION_PASSWORD ?? '',
  cookieOptions: { secure: false },
};

export async function readSession() {
  return await getIronSession<SessionData>(await cookies(), options);
}
