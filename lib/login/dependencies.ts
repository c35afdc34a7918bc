import 'server-only';
import type { StartLimits } from '../limits/start-limits.ts';
import type { AttemptNotifications } from '../notify/attempt-notifications.ts';
import type { Log } from '../observe/log.ts';
import type { ThrottledLog } from '../observe/throttled-log.ts';
import type { GuardedPauthClient } from '../pauth/guarded-client.ts';
import type { Clock } from '../shared/clock.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import type { Store, User } from '../store/schema.ts';
import type { CallbackReach } from './callback-reach.ts';

/** What login attempts need from the process. */
export interface LoginServices {
  store: Store;
  pauth: GuardedPauthClient;
  clock: Clock;
  notifications: AttemptNotifications;
  callbackReach: CallbackReach;
  /** For lines that every attempt would write alike. */
  throttledLog: ThrottledLog;
  startLimits: StartLimits;
  rules: LoginRules;
  /** How a phone number is written in the log. */
  tagPhoneNumber(phoneNumber: PhoneNumber): string;
  /** See `lib/accounts/on-first-login.ts`. */
  onFirstLogin(user: Pick<User, 'id' | 'phone_number'>): Promise<void>;
}

/** The same for one request, with its own log. */
export interface LoginDependencies extends LoginServices {
  log: Log;
}

export interface LoginRules {
  attemptTtlMs: number;
  /** How many pending replies one page polls for. */
  pollLimit: number;
  sessionTtlMs: number;
  /** Unused for this long, a number may have a new owner; 0 means never. */
  dormantMs: number;
  /** How long the vendor has to answer; a start may queue for as long again before it is sent. */
  pauthTimeoutMs: number;
  /** Whether a call from a number without a user creates one. */
  signup: 'open' | 'closed';
  /** Where the vendor calls back; the callback token is appended to the path. */
  callbackBase: URL;
  /** Where a phone opens an attempt from the QR code; the handoff token is appended. */
  handoffBase: URL;
}
