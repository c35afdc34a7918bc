import 'server-only';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../shared/clock.ts';
import type { Store } from '../store/schema.ts';

/** What passkeys need from the rest of the app; the log is that of the request. */
export interface PasskeyDependencies {
  store: Store;
  clock: Clock;
  site: PasskeySite;
  sessionTtlMs: number;
  log: Log;
}

/** The site that passkeys are for. */
interface PasskeySite {
  /** `https://login.example`: where a passkey may be used. */
  origin: string;
  /** The host of the origin, by which authenticators know the site. */
  rpId: string;
  /** The name that authenticators show. */
  name: string;
}
