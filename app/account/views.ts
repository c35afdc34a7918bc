import 'server-only';
import type { PageContext } from '#app/page-context.ts';
import type { EventView, NoticeView, PasskeyView, SessionView } from '#components/account/views.ts';
import { readLimitedUntil } from '#lib/sessions/limited.ts';
import type { LoggedIn } from '#lib/sessions/open.ts';
import { findLiveSessions, findNotices } from '#lib/sessions/other-sessions.ts';
import { findEvents } from '#lib/store/events.ts';
import { findPasskeys } from '#lib/store/passkeys.ts';
import type { ClientInfo, EventType } from '#lib/store/schema.ts';
import { nameNetwork } from './name-network.ts';

/** The events that the account page shows; their texts are in `messages.account.events`. */
const toldEvents = [
  'user_created',
  'user_added',
  'user_disabled',
  'user_enabled',
  'user_brought_back',
  'attempt_completed',
  'attempt_contested',
  'attempt_failed',
  'logged_out',
  'session_ended',
  'other_sessions_ended',
  'sessions_ended_by_operator',
  'passkeys_removed_by_operator',
  'passkey_added',
  'passkey_used',
  'passkey_confirmed',
  'passkey_renamed',
  'passkey_removed',
  'passkey_refused',
] as const satisfies readonly EventType[];

const EVENTS_SHOWN = 20;

/** What the account page shows of a user besides the phone number. */
export async function readAccount(
  { sessions: deps, services, messages: { account: messages } }: PageContext,
  loggedIn: LoggedIn,
) {
  const [live, news, known, limitedUntil, latest] = await Promise.all([
    findLiveSessions(deps, loggedIn),
    findNotices(deps, loggedIn),
    services.passkeys === null ? null : findPasskeys(services.store, loggedIn.user.id),
    readLimitedUntil(deps, loggedIn),
    findEvents(services.store, loggedIn.user.id, { types: toldEvents, limit: EVENTS_SHOWN }),
  ]);
  const whereOf = ({ device, network }: ClientInfo) => ({
    device: device === '' ? messages.unknownDevice : device,
    network: nameNetwork(network) ?? messages.unknownNetwork,
  });

  const sessions: SessionView[] = live.map((session, index) => ({
    id: session.public_id,
    ...whereOf(session),
    loggedInAt: session.created_at,
    lastUsedAt: session.last_used_at ?? session.created_at,
    isThisBrowser: index === 0,
  }));
  const notices: NoticeView[] = news.map((notice) => ({
    id: `${notice.kind} ${notice.sessionId} ${notice.at}`,
    kind: notice.kind,
    sessionId: notice.sessionId,
    ...whereOf(notice),
    at: notice.at,
  }));
  const passkeys: PasskeyView[] | null =
    known?.map((passkey) => ({
      id: passkey.id,
      name: passkey.name === '' ? messages.unknownDevice : passkey.name,
      device: whereOf(passkey).device,
      addedAt: passkey.created_at,
      lastUsedAt: passkey.last_used_at,
    })) ?? null;
  const events: EventView[] = latest.map(({ id, type, device, network, at }) => ({
    id,
    text: messages.events[type],
    ...(device === null || network === null
      ? { device: null, network: null }
      : whereOf({ device, network })),
    at,
  }));
  return { sessions, notices, passkeys, limitedUntil, events };
}
