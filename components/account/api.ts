import type { DoneReply } from '#lib/shared/contract.ts';
import { type Answer, post, request } from '../api.ts';
import { isDoneReply } from '../replies.ts';

/** What the account page asks of the API. In a file of its own: the login page does not load it. */

/** Logs out. Returns whether the server confirmed it. */
export async function logOut(): Promise<boolean> {
  return (await request('/api/auth/logout', isDoneReply, { method: 'POST' })).kind === 'ok';
}

/** Ends another session of the same user. */
export async function endSession(id: string): Promise<Answer<DoneReply>> {
  const path = `/api/auth/sessions/${encodeURIComponent(id)}`;
  return await request(path, isDoneReply, { method: 'DELETE' });
}

/** Ends every other session of the same user. */
export async function endOtherSessions(): Promise<Answer<DoneReply>> {
  return await request('/api/auth/sessions', isDoneReply, { method: 'DELETE' });
}

/** Marks notices of new devices as read, up to and including `until` (milliseconds since 1970). */
export async function markNoticesSeen(until: number): Promise<Answer<DoneReply>> {
  const body = { until: new Date(until).toISOString() };
  return await request('/api/auth/sessions/seen', isDoneReply, post(body));
}
