import 'server-only';
import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../observe/log.ts';

/**
 * Change notifications for the processes of one site. No login depends on it: while Redis is unavailable
 * the site works on, a little slower.
 */
export interface RedisLink {
  /**
   * Whether this process receives every change that other processes publish. Turns false with the first
   * command that fails, and within two seconds when Redis stops responding while no commands are sent.
   */
  receivesChanges(): boolean;
  /** Connects in the background, and again whenever the connection is lost. */
  connect(): void;
  /** Notifies the other processes that an attempt has changed. Never throws. */
  publishChange(attemptId: string): void;
  close(): void;
}

const CHANNEL = 'call-login:changed';

const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 2_000;

/** The subscriber sends no commands of its own, so a periodic probe finds out whether Redis responds. */
const HEALTH_CHECK_INTERVAL_MS = 1_000;

/** A connection that leaves a command unanswered for this long is closed and replaced. */
const SOCKET_TIMEOUT_MS = 2_000;

/** After Redis has recovered, other processes may take this long to reconnect; they cannot publish before. */
const RECONNECT_GRACE_MS = 5_000;

const options = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SOCKET_TIMEOUT_MS,
  // Commands that cannot be sent fail at once instead of waiting for Redis to return.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times: number) =>
    Math.min(MAX_RECONNECT_DELAY_MS, 50 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2),
  connectionName: 'call-login',
} satisfies RedisOptions;

/**
 * A link that connects when it is told to: a process that only reads cookies needs none.
 *
 * @param url `redis://…` or `rediss://…`
 * @param onChanged called with the id of an attempt that has changed in any process.
 */
export function openRedis(
  url: string,
  log: Log,
  onChanged: (attemptId: string) => void,
): RedisLink {
  const commands = new Redis(url, { ...options, lazyConnect: true });
  const subscriber = new Redis(url, { ...options, lazyConnect: true, autoResubscribe: false });
  let state: 'unknown' | 'available' | 'unavailable' | 'closed' = 'unknown';
  let recoveredAtMs: number | null = null;

  const isConnected = () => commands.status === 'ready' && subscriber.status === 'ready';

  const markAvailable = () => {
    if (state === 'closed' || !isConnected()) {
      return;
    }
    if (state === 'unavailable') {
      recoveredAtMs = performance.now();
      log.info({ event: 'redis_recovered' }, 'Redis has recovered');
    }
    state = 'available';
  };

  const markUnavailable = (error: unknown) => {
    if (state === 'unknown' || state === 'available') {
      state = 'unavailable';
      log.warn(
        { event: 'redis_unavailable', error },
        'Redis is unavailable: notifications go through the database',
      );
    }
  };

  // Subscribing again is a no-op that shows whether the subscriber's connection is alive.
  const probe = () => Promise.all([commands.ping(), subscriber.subscribe(CHANNEL)]);

  const checkHealth = () => {
    if (isConnected()) {
      // Twice: after a stall of this process a command can time out although its answer has arrived.
      void probe().catch(probe).then(markAvailable, markUnavailable);
    }
  };

  for (const connection of [commands, subscriber]) {
    connection.on('ready', checkHealth);
    connection.on('error', markUnavailable);
    connection.on('close', () => markUnavailable(new Error('connection closed')));
  }
  subscriber.on('message', (_channel, attemptId) => onChanged(attemptId));
  const healthChecks = setInterval(checkHealth, HEALTH_CHECK_INTERVAL_MS).unref();

  return {
    connect() {
      for (const connection of [commands, subscriber]) {
        connection.connect().catch(markUnavailable);
      }
    },
    receivesChanges: () =>
      state === 'available' &&
      (recoveredAtMs === null || performance.now() - recoveredAtMs > RECONNECT_GRACE_MS),
    publishChange(attemptId) {
      commands.publish(CHANNEL, attemptId).catch(markUnavailable);
    },
    close() {
      state = 'closed';
      clearInterval(healthChecks);
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

/**
 * Connects once, publishes a change of no attempt and subscribes, as `openRedis` does.
 *
 * @returns why that was impossible, or null.
 */
export async function tryRedis(url: string): Promise<Error | null> {
  const redis = new Redis(url, { ...options, lazyConnect: true, retryStrategy: () => null });
  let lost: Error | null = null;
  // The connection's own error says more than that of the command it breaks.
  redis.on('error', (error) => {
    lost ??= error;
  });
  try {
    await redis.connect();
    await redis.publish(CHANNEL, '');
    await redis.subscribe(CHANNEL);
    return null;
  } catch (error) {
    return lost ?? (error instanceof Error ? error : new Error(String(error)));
  } finally {
    redis.disconnect();
  }
}
