/** View models of the account page. Instants are milliseconds since 1970. */

export interface SessionView {
  id: string;
  device: string;
  network: string;
  loggedInAt: number;
  lastUsedAt: number;
  isThisBrowser: boolean;
}

/** A login on a device the user had not used before. */
export interface NoticeView {
  /** The id of its `SessionView`; the session may have ended. */
  sessionId: string;
  device: string;
  network: string;
  at: number;
}

export interface EventView {
  id: number;
  text: string;
  /** Null for events that are not tied to a login. */
  device: string | null;
  network: string | null;
  at: number;
}
