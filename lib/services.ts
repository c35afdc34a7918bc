import 'server-only';
import { type Config, loadConfig } from './config/config.ts';
import { type AttemptCookie, createCookies, type LoginCookies } from './cookies/cookies.ts';
import { createCounters } from './limits/counters.ts';
import { createStartLimits } from './limits/start-limits.ts';
import { createCallbackReach } from './login/callback-reach.ts';
import type { LoginDependencies } from './login/dependencies.ts';
import type { Waited } from './login/wait.ts';
import {
  type AttemptNotifications,
  createAttemptNotifications,
  shareAttemptNotifications,
} from './notify/attempt-notifications.ts';
import { pollEvents } from './notify/event-poller.ts';
import { openRedis, type RedisLink } from './notify/redis.ts';
import { createLog, createPhoneNumberTags, type Log } from './observe/log.ts';
import { createThrottledLog, type ThrottledLog } from './observe/throttled-log.ts';
import { createPauthClient } from './pauth/client.ts';
import { guardPauthClient } from './pauth/guarded-client.ts';
import type { SessionDependencies } from './sessions/open.ts';
import { type Clock, systemClock } from './shared/clock.ts';
import { openStore, prepareStore } from './store/open.ts';
import type { Store } from './store/schema.ts';
import { keepSweeping, type SweepDependencies } from './store/sweep.ts';

/** Everything a request needs, made once per process but for what writes to the log. */
export interface App {
  config: Config;
  clock: Clock;
  store: Store;
  log: Log;
  throttledLog: ThrottledLog;
  cookies: LoginCookies;
  /** What a `Cookie` header holds of an attempt, before Next has begun with the request. */
  readAttemptCookie(cookieHeader: string): Promise<AttemptCookie | null>;
  /** What polls waited for before Next began with them, or threw, by the id of the request. */
  waited: Map<string, () => Waited>;
  login: LoginDependencies;
  sessions: SessionDependencies;
  /** The same parts for one request: whatever they log carries its id. */
  forRequest(requestId: string): App;
  redis: RedisLink | null;
  /** What is told here wakes this process alone. */
  localNotifications: AttemptNotifications;
  /** Aborted when this process is to end. */
  stopping: AbortController;
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
  const { done, newer } = await prepareStore(app.config.store, app.store);
  if (done.length > 0) {
    app.log.info({ event: 'store_migrated', migrations: done }, 'the tables are up to date');
  }
  if (newer.length > 0) {
    app.log.warn(
      { event: 'store_is_newer', migrations: newer },
      'a newer version has changed the tables',
    );
  }
  keepSweeping(sweepPartsOf(app), app.stopping.signal);
  if (app.config.store.kind === 'postgres') {
    const isNeeded = () => app.redis?.isListening() !== true;
    const { store, log, localNotifications: notifications } = app;
    pollEvents({ store, log, notifications }, isNeeded, app.stopping.signal);
  }
  return app;
}

/** Answers every held poll now and lets nothing new wait; the process is about to end. */
export function stopApp(app: App): void {
  app.stopping.abort();
  app.login.notifications.close();
}

function sweepPartsOf({ config, store, clock, login }: App): SweepDependencies {
  const { attemptDays, eventDays } = config.retention;
  return {
    store,
    clock,
    log: login.log,
    keepMs: {
      attempts: attemptDays * DAY_MS,
      // A day for clocks that disagree: whoever is wrong must not log everybody out.
      sessions: DAY_MS,
      events: eventDays === 0 ? null : eventDays * DAY_MS,
    },
  };
}

function createApp(config: Config): App {
  const store = openStore(config.store);
  const clock = systemClock;
  const processLog = createLog();
  const localNotifications = createAttemptNotifications();
  const redis =
    config.redisUrl === null
      ? null
      : openRedis(config.redisUrl, processLog, localNotifications.wake);
  const attemptTtlMs = config.attempt.ttlSeconds * 1_000;
  const throttledLog = createThrottledLog(clock);
  const cookiesFor = createCookies({
    isSecure: config.app.origin.protocol === 'https:',
    secrets: config.app.sessionSecrets,
    // As long as the browser's attempts can count in a contest: until one time to live later.
    attemptTtlSeconds: config.attempt.ttlSeconds * 2,
    sessionTtlSeconds: config.session.ttlSeconds,
  });
  const sessions = { store, clock, idleMs: config.session.idleSeconds * 1_000 };
  const login = {
    store,
    clock,
    callbackReach: createCallbackReach(clock),
    notifications:
      redis === null
        ? localNotifications
        : shareAttemptNotifications(localNotifications, redis.tellChanged),
    throttledLog,
    startLimits: createStartLimits(config.startLimits, createCounters(config.store, store, redis)),
    tagPhoneNumber: createPhoneNumberTags(config.app.sessionSecrets[0]),
    pauth: guardPauthClient(
      createPauthClient({
        baseUrl: config.pauth.baseUrl,
        apiKey: config.pauth.apiKey,
        timeoutMs: config.pauth.timeoutMs,
        country: config.app.defaultCountry,
      }),
      config.pauth,
    ),
    rules: {
      attemptTtlMs,
      pollLimit: config.attempt.pollLimit,
      sessionTtlMs: config.session.ttlSeconds * 1_000,
      dormantMs: config.app.dormantDays * DAY_MS,
      pauthTimeoutMs: config.pauth.timeoutMs,
      signup: config.app.signup,
      callbackBase: new URL('/api/auth/callback/', config.app.origin),
      handoffBase: new URL('/call/', config.app.origin),
    },
  };
  const stopping = new AbortController();
  const waited: App['waited'] = new Map();
  const logTo = (log: Log): App => ({
    config,
    clock,
    store,
    log,
    throttledLog,
    redis,
    localNotifications,
    stopping,
    waited,
    readAttemptCookie: async (cookieHeader) =>
      // Next's part reads the cookie again, and tells of one that does not open.
      await cookiesFor({ onUnreadable() {}, readHeader: async () => cookieHeader }).attempt.read(),
    cookies: cookiesFor({
      onUnreadable(cookie) {
        const entry = { event: 'cookie_unreadable', cookie };
        const message = 'a cookie did not open';
        throttledLog(log, 'warn', { kind: `unreadable ${cookie}`, entry, message });
      },
    }),
    login: { ...login, log },
    sessions: { ...sessions, log },
    forRequest: (requestId) => logTo(processLog.child({ request: requestId })),
  });
  return logTo(processLog);
}
