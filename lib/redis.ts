import 'server-only';
import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from './log.ts';

/**
 * What the processes of one site say to each other and count together. Nothing in it decides a login:
 * while it is away the site works on, a little slower.
 */
export interface RedisLink {
  /** For commands, each answered within half a second or not at all. */
  commands: Redis;
  /** Tells the other processes that an attempt has changed. Never throws. */
  tellChanged(attemptId: string): void;
  /** Whether this process hears of changes elsewhere at the moment. */
  isListening(): boolean;
  close(): void;
}

const CHANNEL = 'call-login:changed';

const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;

const options = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  // What cannot be sent now fails now: nobody waits for a server that is away.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times: number) =>
    Math.min(LONGEST_RECONNECT_MS, 50 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2),
  connectionName: 'call-login',
} satisfies RedisOptions;

/**
 * Connects, now and again whenever the server was away; never waits for it.
 *
 * @param url `redis://…` or `rediss://…`
 * @param onChanged called with the id of an attempt that has changed in some process.
 */
export function openRedis(
  url: string,
  log: Log,
  onChanged: (attemptId: string) => void,
): RedisLink {
  const commands = new Redis(url, options);
  const subscriber = new Redis(url, { ...options, autoResubscribe: false });
  let isSubscribed = false;
  let isAway = false;
  let isClosed = false;
  /** Since when nothing was heard of what we said, where the connection itself looks well. */
  let hasLostWord = false;

  const away = (error: unknown) => {
    if (!isAway && !isClosed) {
      isAway = true;
      log.warn({ event: 'redis_away', error }, 'Redis is away: limits and waking go on without it');
    }
  };

  commands.on('error', away);
  subscriber.on('error', away);
  subscriber.on('close', () => {
    isSubscribed = false;
    away(new Error('the connection was closed'));
  });
  subscriber.on('message', (_channel, attemptId) => onChanged(attemptId));
  subscriber.on('ready', () => {
    subscriber.subscribe(CHANNEL).then(() => {
      isSubscribed = true;
      hasLostWord = false;
      if (isAway) {
        isAway = false;
        log.info({ event: 'redis_back' }, 'Redis is back');
      }
    }, away);
  });

  return {
    commands,
    tellChanged(attemptId) {
      commands.publish(CHANNEL, attemptId).then(
        () => {
          hasLostWord = false;
        },
        (error) => {
          hasLostWord = true;
          away(error);
        },
      );
    },
    isListening: () => isSubscribed && commands.status === 'ready' && !hasLostWord,
    close() {
      isClosed = true;
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}
