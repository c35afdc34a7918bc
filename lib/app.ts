import 'server-only';
import { type Clock, systemClock } from './clock.ts';
import { type Config, loadConfig } from './config.ts';
import { createSqliteCounters } from './limits/sqlite-counter.ts';
import { createStartLimits } from './limits/start-limits.ts';
import { createLog, tagPhoneNumber } from './log.ts';
import type { LoginParts } from './login/parts.ts';
import { createPauthClient } from './pauth/client.ts';
import { createCookies, type LoginCookies } from './session/cookies.ts';
import type { SessionParts } from './session/open.ts';
import { migrate } from './store/migrate.ts';
import type { Store } from './store/schema.ts';
import { openSqlite } from './store/sqlite.ts';
import { createWakeUps } from './wake-ups.ts';

/** Everything a request needs, made once per process. */
export interface App {
  config: Config;
  clock: Clock;
  store: Store;
  cookies: LoginCookies;
  login: LoginParts;
  sessions: SessionParts;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

declare global {
  /** Next bundles each route apart, so what must be one per process hangs on the global object. */
  var callLoginApp: App | undefined;
}

/** The parts of this process, made at the first call. Throws when the configuration is wrong. */
export function getApp(): App {
  globalThis.callLoginApp ??= createApp(loadConfig());
  return globalThis.callLoginApp;
}

/** Makes the parts and brings the database up to date; to be awaited before the first request. */
export async function bootApp(): Promise<App> {
  const app = getApp();
  await migrate(app.store);
  return app;
}

function createApp(config: Config): App {
  const store = openSqlite(config.store.path);
  const limitsPath = config.store.path === ':memory:' ? ':memory:' : `${config.store.path}.limits`;
  const clock = systemClock;
  const attemptTtlMs = config.attempt.ttlSeconds * 1_000;
  const [newestSecret] = config.app.sessionSecrets;
  return {
    config,
    clock,
    store,
    cookies: createCookies({
      isSecure: config.app.origin.protocol === 'https:',
      secrets: config.app.sessionSecrets,
      // As long as the browser's attempts can count in a contest: until one time to live later.
      attemptTtlSeconds: config.attempt.ttlSeconds * 2,
      sessionTtlSeconds: config.session.ttlSeconds,
    }),
    sessions: { store, clock, idleMs: config.session.idleSeconds * 1_000 },
    login: {
      store,
      clock,
      wakeUps: createWakeUps(),
      log: createLog(),
      startLimits: createStartLimits(config.startLimits, createSqliteCounters(limitsPath)),
      tagPhoneNumber: (phoneNumber) => tagPhoneNumber(phoneNumber, newestSecret),
      pauth: createPauthClient({
        baseUrl: config.pauth.baseUrl,
        apiKey: config.pauth.apiKey,
        timeoutMs: config.pauth.timeoutMs,
        country: config.app.defaultCountry,
      }),
      rules: {
        attemptTtlMs,
        sessionTtlMs: config.session.ttlSeconds * 1_000,
        dormantMs: config.app.dormantDays * DAY_MS,
        pauthTimeoutMs: config.pauth.timeoutMs,
        signup: config.app.signup,
        callbackBase: new URL('/api/auth/callback/', config.app.origin),
        handoffBase: new URL('/call/', config.app.origin),
      },
    },
  };
}
