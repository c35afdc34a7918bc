import 'server-only';
import { onFirstLogin } from './accounts/on-first-login.ts';
import { type Config, loadConfig } from './config/config.ts';
import { createCookies, type OpenCookies } from './cookies/cookies.ts';
import { createStartLimits } from './limits/start-limits.ts';
import { createCallbackReach, recallCallbackReach } from './login/callback-reach.ts';
import type { LoginServices } from './login/dependencies.ts';
import {
  type AttemptNotifications,
  createAttemptNotifications,
  shareAttemptNotifications,
} from './notify/attempt-notifications.ts';
import { pollEvents } from './notify/event-poller.ts';
import { openRedis, type RedisLink } from './notify/redis.ts';
import { keepSending } from './notify/webhook.ts';
import { createLog, createPhoneNumberTags, type Log } from './observe/log.ts';
import { startTelemetry } from './observe/telemetry.ts';
import { createThrottledLog, type ThrottledLog } from './observe/throttled-log.ts';
import type { PasskeyDependencies } from './passkeys/dependencies.ts';
import { createPauthClient } from './pauth/client.ts';
import { guardPauthClient } from './pauth/guarded-client.ts';
import type { SessionDependencies } from './sessions/open.ts';
import { systemClock } from './shared/clock.ts';
import { describeStoreFailure } from './store/describe-failure.ts';
import { isStoreFailure, StoreUnreachable } from './store/failure.ts';
import { requireMigrated } from './store/migrate.ts';
import { openStore, prepareStore } from './store/open.ts';
import { setOutboxUsed } from './store/outbox.ts';
import { countPasskeysElsewhere } from './store/passkeys.ts';
import type { Store } from './store/schema.ts';
import { keepMsOf, keepSweeping } from './store/sweep.ts';

/** What there is once per process; all requests share it. */
export interface Services {
  config: Config;
  store: Store;
  log: Log;
  throttledLog: ThrottledLog;
  openCookies: OpenCookies;
  login: LoginServices;
  sessions: SessionDependencies;
  /** Null where passkeys are switched off. */
  passkeys: PasskeyDependencies | null;
  /** Null without `REDIS_URL`: processes share the store alone. */
  redis: RedisLink | null;
  /** Notifies only this process; `login.notifications` notifies all of them. */
  localNotifications: AttemptNotifications;
  /** Aborted when the process shuts down. */
  shutdown: AbortController;
  /** Whether `server/` owns the sockets of this process, and Next only renders its pages. */
  isNodeHost: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

declare global {
  /** Next bundles its own copy of this module: what exists once per process is kept on the global object. */
  var callLoginServices: Services | undefined;
}

/** The services of this process, created at the first call. Throws where the configuration is wrong. */
export function getServices(): Services {
  globalThis.callLoginServices ??= createServices(loadConfig(), false);
  return globalThis.callLoginServices;
}

/** Creates the services of a process whose sockets `server/` owns; to be called before Next starts. */
export function createNodeHostServices(): Services {
  globalThis.callLoginServices = createServices(loadConfig(), true);
  return globalThis.callLoginServices;
}

/**
 * Starts telemetry, migrates the database unless `MIGRATIONS=off`, and starts the background work; await it before
 * the first request. Where Next is the host, the last two wait for the first SQL statement: see `prepareInNext`.
 */
export async function startServices(services: Services): Promise<void> {
  await startTelemetry(services.config.telemetry, services);
  setOutboxUsed(services.config.webhook !== null);
  if (services.isNodeHost) {
    await prepare(services, services.store);
    startWork(services);
  }
}

/**
 * On Vercel each function is a process of its own, also that of proxy.ts, which needs no database; every cold start
 * is a boot; and when a process exits, the platform shows an error page without a reason. So nothing connects before
 * a request needs the database, and an unavailable database fails that request alone: the next one tries again.
 */
async function prepareInNext(services: Services, store: Store): Promise<void> {
  const { config, log, throttledLog } = services;
  try {
    await prepare(services, store);
  } catch (error) {
    const message = isStoreFailure(error)
      ? describeStoreFailure(error, config.store)
      : `The database cannot be prepared: ${error instanceof Error ? error.message : error}`;
    const event = 'store_not_ready';
    throttledLog(log, 'error', { kind: event, entry: { event, error }, message });
    throw new StoreUnreachable('the database is not ready', { cause: error });
  }
  startWork(services);
}

/** @param store that of the services, or one over the same connections. */
async function prepare({ config, log, login }: Services, store: Store): Promise<void> {
  const { done, newer } =
    config.migrations === 'apply'
      ? await prepareStore(config.store, store)
      : await requireMigrated(store);
  if (done.length > 0) {
    log.info({ event: 'store_migrated', migrations: done }, 'the tables are up to date');
  }
  if (newer.length > 0) {
    log.warn({ event: 'store_is_newer', migrations: newer }, 'a newer version changed the tables');
  }
  const orphans = await countPasskeysElsewhere(store, config.app.origin.hostname);
  if (orphans.length > 0) {
    log.warn(
      { event: 'passkeys_of_another_host', orphans, host: config.app.origin.hostname },
      'there are passkeys for a host that APP_ORIGIN no longer names: browsers do not offer them here, ' +
        'and their owners log in by call until APP_ORIGIN names that host again',
    );
  }
  await recallCallbackReach({ ...login, store });
}

function startWork(services: Services): void {
  const { config, store, log, redis, localNotifications, shutdown, login } = services;
  redis?.connect();
  const keepMs = keepMsOf(config.retention);
  keepSweeping({ store, clock: login.clock, log, keepMs }, shutdown.signal);
  if (config.webhook !== null) {
    const { clock, throttledLog } = login;
    keepSending({ store, clock, log, throttledLog }, config.webhook, shutdown.signal);
  }
  if (config.store.kind === 'postgres') {
    const isNeeded = () => redis?.receivesChanges() !== true;
    pollEvents({ store, log, notifications: localNotifications }, isNeeded, shutdown.signal);
  }
}

/** Answers every held poll and stops the background work; the process is about to end. */
export function stopServices({ shutdown, login }: Services): void {
  shutdown.abort();
  login.notifications.close();
}

function createServices(config: Config, isNodeHost: boolean): Services {
  const store = isNodeHost
    ? openStore(config.store)
    : openStore(config.store, (unprepared) => prepareInNext(services, unprepared));
  const clock = systemClock;
  const log = createLog();
  const localNotifications = createAttemptNotifications();
  const redis =
    config.redisUrl === null ? null : openRedis(config.redisUrl, log, localNotifications.notify);
  const throttledLog = createThrottledLog(clock);
  const services: Services = {
    config,
    store,
    log,
    throttledLog,
    redis,
    localNotifications,
    isNodeHost,
    shutdown: new AbortController(),
    openCookies: createCookies({
      isSecure: config.app.origin.protocol === 'https:',
      secrets: config.app.sessionSecrets,
      // An attempt can be contested until one more time to live after its end.
      attemptTtlSeconds: config.attempt.ttlSeconds * 2,
      sessionTtlSeconds: config.session.ttlSeconds,
    }),
    sessions: {
      store,
      clock,
      log,
      idleMs: config.session.idleSeconds * 1_000,
      usesPasskeys: config.app.passkeys === 'offer',
    },
    passkeys:
      config.app.passkeys === 'off'
        ? null
        : {
            store,
            clock,
            log,
            site: {
              origin: config.app.origin.origin,
              rpId: config.app.origin.hostname,
              name: config.app.siteName,
            },
            sessionTtlMs: config.session.ttlSeconds * 1_000,
          },
    login: {
      store,
      clock,
      throttledLog,
      callbackReach: createCallbackReach(clock),
      onFirstLogin: async (user) => await onFirstLogin({ store, log }, user),
      notifications:
        redis === null
          ? localNotifications
          : shareAttemptNotifications(localNotifications, redis.publishChange),
      startLimits: createStartLimits(config.startLimits, { store, clock }),
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
        attemptTtlMs: config.attempt.ttlSeconds * 1_000,
        pollLimit: config.attempt.pollLimit,
        sessionTtlMs: config.session.ttlSeconds * 1_000,
        dormantMs: config.app.dormantDays * DAY_MS,
        pauthTimeoutMs: config.pauth.timeoutMs,
        signup: config.app.signup,
        callbackBase: callbackBaseOf(config.app),
        handoffBase: new URL('/call/', config.app.origin),
      },
    },
  };
  return services;
}

/** Where the vendor calls back, past the protection of a preview on Vercel. */
function callbackBaseOf({ origin, previewBypass }: Config['app']): URL {
  const base = new URL('/api/auth/callback/', origin);
  if (previewBypass !== null) {
    base.searchParams.set('x-vercel-protection-bypass', previewBypass);
  }
  return base;
}
