/** What the account page shows, ready to be read; instants are ISO 8601. */

export interface SessionView {
  id: string;
  device: string;
  network: string;
  loggedInAt: string;
  lastUsedAt: string;
  isThisBrowser: boolean;
}

/** A login on a device that was new to the user. */
export interface NoticeView {
  /** Its session, as in the list; it may be over. */
  sessionId: string;
  device: string;
  network: string;
  at: string;
}

export interface EventView {
  id: number;
  text: string;
  /** Null where the event is about no login. */
  device: string | null;
  network: string | null;
  at: string;
}
