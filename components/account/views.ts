/** View models of the account page. Instants are milliseconds since 1970. */

export interface SessionView {
  id: string;
  device: string;
  network: string;
  loggedInAt: number;
  lastUsedAt: number;
  isThisBrowser: boolean;
}

/** What happened on another device: see `findNotices` in `lib/sessions/other-sessions.ts`. */
export interface NoticeView {
  id: string;
  kind: 'new_device' | 'call_alone' | 'passkey_added';
  /** The id of its `SessionView`; the session may have ended. */
  sessionId: string;
  device: string;
  network: string;
  at: number;
}

export interface PasskeyView {
  id: string;
  name: string;
  /** On which it was added. */
  device: string;
  addedAt: number;
  lastUsedAt: number | null;
}

export interface EventView {
  id: number;
  text: string;
  /** Null for events that are not tied to a login. */
  device: string | null;
  network: string | null;
  at: number;
}
