import { sql } from 'kysely';
import { createCallbackReach } from '#lib/login/callback-reach.ts';
import type { LoginDependencies } from '#lib/login/dependencies.ts';
import type { AttemptNotifications } from '#lib/notify/attempt-notifications.ts';
import { createLog } from '#lib/observe/log.ts';
import { createThrottledLog } from '#lib/observe/throttled-log.ts';
import type { PauthClient } from '#lib/pauth/client.ts';
import type { SessionDependencies } from '#lib/sessions/open.ts';
import type { Clock } from '#lib/shared/clock.ts';
import { succeed } from '#lib/shared/result.ts';
import { migrate } from '#lib/store/migrate.ts';
import type { Store } from '#lib/store/schema.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { type Barrier, gateStore, type Lock } from './gated-store.ts';
import { VENDOR_TIMEOUT_MS, VENDOR_TTL_SECONDS } from './vendor.ts';

/** A process of the app: its state in memory and its own connection to the database. */
export interface Process {
  store: Store;
  login: LoginDependencies;
  sessions: SessionDependencies;
}

const ATTEMPT_TTL_MS = VENDOR_TTL_SECONDS * 1_000;
const DAY_MS = 86_400_000;

/** Opens the database without fsync, since power loss is not tested here. */
export async function openDatabase(path: string): Promise<Store> {
  const store = openSqlite(path);
  await migrate(store);
  await sql`PRAGMA synchronous = OFF`.execute(store);
  return store;
}

export function startProcess(deps: {
  store: Store;
  lock: Lock;
  barrier: Barrier;
  clock: Clock;
  pauth: PauthClient;
  notifications: AttemptNotifications;
}): Process {
  const { clock, pauth, notifications } = deps;
  const store = gateStore(deps.store, deps.lock, deps.barrier);
  const log = createLog({ write: () => {} });
  return {
    store,
    sessions: { store, clock, log, idleMs: DAY_MS, usesPasskeys: true },
    login: {
      store,
      clock,
      pauth: { ...pauth, pausedForMs: () => 0 },
      notifications,
      callbackReach: createCallbackReach(clock),
      onFirstLogin: async () => {},
      log,
      throttledLog: createThrottledLog(clock),
      startLimits: {
        consume: async () => succeed({ refund: async () => {} }),
      },
      tagPhoneNumber: () => 'tagged',
      rules: {
        attemptTtlMs: ATTEMPT_TTL_MS,
        pollLimit: 30,
        sessionTtlMs: 7 * DAY_MS,
        dormantMs: 365 * DAY_MS,
        pauthTimeoutMs: VENDOR_TIMEOUT_MS,
        signup: 'open',
        callbackBase: new URL('https://login.example/api/auth/callback/'),
        handoffBase: new URL('https://login.example/call/'),
      },
    },
  };
}
