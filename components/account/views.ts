/** View models of the account page. Instants are ISO 8601. */

export interface SessionView {
  id: string;
  device: string;
  network: string;
  loggedInAt: string;
  lastUsedAt: string;
  isThisBrowser: boolean;
}

/** A login on a device the user had not used before. */
export interface NoticeView {
  /** The id of its `SessionView`; the session may have ended. */
  sessionId: string;
  device: string;
  network: string;
  at: string;
}

export interface EventView {
  id: number;
  text: string;
  /** Null for events that are not tied to a login. */
  device: string | null;
  network: string | null;
  at: string;
}
