import 'server-only';
import type { StartLimits } from '../limits/start-limits.ts';
import type { AttemptNotifications } from '../notify/attempt-notifications.ts';
import type { Log } from '../observe/log.ts';
import type { ThrottledLog } from '../observe/throttled-log.ts';
import type { PauthClient } from '../pauth/client.ts';
import type { Clock } from '../shared/clock.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import type { Store } from '../store/schema.ts';
import type { CallbackReach } from './callback-reach.ts';

/** What the life of an attempt needs from the rest of the house. */
export interface LoginDependencies {
  store: Store;
  pauth: PauthClient;
  clock: Clock;
  notifications: AttemptNotifications;
  callbackReach: CallbackReach;
  log: Log;
  /** For what every attempt would log alike; it writes to `log`. */
  throttledLog: ThrottledLog;
  startLimits: StartLimits;
  rules: LoginRules;
  /** How a phone number is written in the log. */
  tagPhoneNumber(phoneNumber: PhoneNumber): string;
}

export interface LoginRules {
  attemptTtlMs: number;
  /** How many polls of one page may be told "not yet". */
  pollLimit: number;
  sessionTtlMs: number;
  /** After how long without use a number may be somebody else's; 0 means never. */
  dormantMs: number;
  /** How long the vendor has for an answer; before it is asked, a start may wait in line as long again. */
  pauthTimeoutMs: number;
  /** Whether a call from a number without a user makes one. */
  signup: 'open' | 'closed';
  /** Where the vendor reaches us; the callback token is appended to it. */
  callbackBase: URL;
  /** Where a phone opens an attempt to call; the handoff token is appended to it. */
  handoffBase: URL;
}

/** How long a verified attempt waits for its browser at least: the way back from the dialler. */
export const VERIFIED_GRACE_MS = 120_000;

/** How long an answer that was lost on the way can be had again, unless the session is used. */
export const REDELIVERY_MS = 60_000;

/** How often one attempt's callbacks can make us ask the vendor, after the first of them. */
export const CALLBACK_INTERVAL_MS = 2_000;
