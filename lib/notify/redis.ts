import 'server-only';
import { Redis, type RedisOptions, ReplyError } from 'ioredis';
import type { Log } from '../observe/log.ts';

/**
 * What the processes of one site say to each other and count together. Nothing in it decides a login:
 * while it is away the site works on, a little slower.
 */
export interface RedisLink {
  /** For commands, each answered within half a second or not at all. */
  commands: Redis;
  /**
   * Whether it is worth asking. No longer so from the first command that goes unanswered, and within two
   * seconds where it falls silent and nobody asks.
   */
  isWell(): boolean;
  /** Whether this process hears of all that changes elsewhere. */
  isListening(): boolean;
  /** Says that a command has failed. */
  noteFailure(error: unknown): void;
  /** Tells the other processes that an attempt has changed. Never throws. */
  tellChanged(attemptId: string): void;
  close(): void;
}

const CHANNEL = 'call-login:changed';

const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;

/** How often it is asked whether it is there, so that whoever only waits to be told knows as well. */
const ASK_INTERVAL_MS = 1_000;

/** A connection that leaves a command unanswered for so long is given up, and another one is made. */
const SILENCE_MS = 2_000;

/** For so long after it is back, others that have something to tell may not have found it yet. */
const REUNION_MS = 5_000;

const options = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
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
  let state: 'unknown' | 'well' | 'away' | 'closed' = 'unknown';
  let backAtMs: number | null = null;

  const isConnected = () => commands.status === 'ready' && subscriber.status === 'ready';

  const well = () => {
    if (state === 'closed' || !isConnected()) {
      return;
    }
    if (state === 'away') {
      backAtMs = performance.now();
      log.info({ event: 'redis_back' }, 'Redis is back');
    }
    state = 'well';
  };

  const away = (error: unknown) => {
    if (state === 'unknown' || state === 'well') {
      state = 'away';
      log.warn({ event: 'redis_away', error }, 'Redis is away: limits and waking go on without it');
    }
  };

  // Subscribing once more changes nothing, and tells that the subscription is alive.
  const ask = () => Promise.all([commands.ping(), subscriber.subscribe(CHANNEL)]);

  const look = () => {
    if (isConnected()) {
      // Twice, as a process that was held up itself takes an answer that is there for one that is not.
      void ask().catch(ask).then(well, away);
    }
  };

  for (const connection of [commands, subscriber]) {
    connection.on('ready', look);
    connection.on('error', away);
    connection.on('close', () => away(new Error('the connection was closed')));
  }
  subscriber.on('message', (_channel, attemptId) => onChanged(attemptId));
  const asking = setInterval(look, ASK_INTERVAL_MS).unref();

  return {
    commands,
    isWell: () => state === 'well',
    isListening: () =>
      state === 'well' && (backAtMs === null || performance.now() - backAtMs > REUNION_MS),
    noteFailure(error) {
      // A command that it refuses, it has answered.
      if (!(error instanceof ReplyError)) {
        away(error);
      }
    },
    tellChanged(attemptId) {
      commands.publish(CHANNEL, attemptId).catch(away);
    },
    close() {
      state = 'closed';
      clearInterval(asking);
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}
