import 'server-only';
import type { TrustedProxy } from '../limits/client-address.ts';
import type { Limit, StartLimitRules } from '../limits/start-limits.ts';
import type { NumberTypeName } from '../phone/number-types.ts';
import type { CountryCode } from '../phone/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { StorePlace } from '../store/open.ts';
import { crossCheck, isLoopback } from './cross-checks.ts';
import { type Environment, environmentSchema, onlySet } from './environment.ts';
import { type ConfigFault, describeFaults, faultsOf } from './faults.ts';

/** Everything the environment decides, read once at boot. */
export interface Config {
  pauth: {
    apiKey: string;
    baseUrl: URL;
    timeoutMs: number;
    maxInFlight: number;
    /** After how many failures in how many seconds it is left alone for a while. */
    breaker: Limit;
    /** The vendor is a sandbox on this machine, and the pages say so. */
    isSandbox: boolean;
  };
  app: {
    origin: URL;
    siteName: string;
    defaultCountry: CountryCode;
    /** Which kinds of number may log in. */
    numberTypes: ReadonlySet<NumberTypeName>;
    /** Where people who cannot call find another way, if the deployer offers one. */
    helpUrl: URL | null;
    signup: 'open' | 'closed';
    callCost: 'free' | 'paid' | 'unknown';
    /** Newest first: the first one seals, all of them open. */
    sessionSecrets: [string, ...string[]];
    trustedProxy: TrustedProxy;
    /** After how many days without use a number may be somebody else's; 0 means never. */
    dormantDays: number;
  };
  session: {
    /** How long a session lives without being used. */
    idleSeconds: number;
    /** How long a session lives at most, counted from its login. */
    ttlSeconds: number;
  };
  startLimits: StartLimitRules;
  attempt: {
    ttlSeconds: number;
    pollLimit: number;
    /** The longest a status poll is held; 0 answers every poll at once. */
    statusWaitSeconds: number;
  };
  store: StorePlace;
  /** May hold a password; null where processes share the store alone. */
  redisUrl: string | null;
  retention: {
    /** An attempt holds a phone number, and is of no use once it is over. */
    attemptDays: number;
    /** 0 is for ever. */
    eventDays: number;
  };
}

/**
 * Reads the configuration from an environment, or lists every fault in it at once.
 */
export function readConfig(environment: Environment): Result<Config, ConfigFault[]> {
  const parsed = environmentSchema.safeParse(onlySet(environment));
  const faults = [...faultsOf(parsed.error), ...crossCheck(environment)];
  if (!parsed.success || faults.length > 0) {
    return fail(faults);
  }
  const { data } = parsed;
  return succeed({
    pauth: {
      apiKey: data.PAUTH_API_KEY,
      baseUrl: data.PAUTH_BASE_URL,
      timeoutMs: data.PAUTH_TIMEOUT_MS,
      maxInFlight: data.PAUTH_MAX_IN_FLIGHT,
      breaker: data.PAUTH_BREAKER,
      isSandbox: isLoopback(data.PAUTH_BASE_URL),
    },
    app: {
      origin: data.APP_ORIGIN,
      siteName: data.SITE_NAME,
      defaultCountry: data.DEFAULT_COUNTRY,
      numberTypes: data.NUMBER_TYPES,
      helpUrl: data.HELP_URL ?? null,
      signup: data.SIGNUP,
      callCost: data.CALL_COST,
      sessionSecrets: data.SESSION_SECRET,
      trustedProxy: data.TRUSTED_PROXY,
      dormantDays: data.DORMANT_DAYS,
    },
    session: {
      idleSeconds: data.SESSION_IDLE_SECONDS,
      ttlSeconds: data.SESSION_TTL_SECONDS,
    },
    startLimits: {
      perNumber: data.START_LIMIT_PER_NUMBER,
      perNetwork: data.START_LIMIT_PER_NETWORK,
      total: data.START_LIMIT_TOTAL,
    },
    attempt: {
      ttlSeconds: data.ATTEMPT_TTL_SECONDS,
      pollLimit: data.POLL_LIMIT,
      statusWaitSeconds: data.STATUS_WAIT_SECONDS,
    },
    store: placeOf(data),
    redisUrl: data.REDIS_URL ?? null,
    retention: {
      attemptDays: data.ATTEMPT_RETENTION_DAYS,
      eventDays: data.EVENT_RETENTION_DAYS,
    },
  });
}

/** What a command needs that works on the users alone, beside the server or without it. */
export interface UsersConfig {
  store: Config['store'];
  defaultCountry: CountryCode;
}

/** The variables such a command reads; the others may be missing or wrong. */
const usersSchema = environmentSchema.pick({
  DATABASE_URL: true,
  DATABASE_POOL_SIZE: true,
  DEFAULT_COUNTRY: true,
});

/** Reads where the users are kept and whose numbers they have, and nothing else. */
export function readUsersConfig(environment: Environment): Result<UsersConfig, ConfigFault[]> {
  const { data, error } = usersSchema.safeParse(onlySet(environment));
  return data === undefined
    ? fail(faultsOf(error))
    : succeed({
        store: placeOf(data),
        defaultCountry: data.DEFAULT_COUNTRY,
      });
}

function placeOf(data: { DATABASE_URL: string; DATABASE_POOL_SIZE: number }): StorePlace {
  const { DATABASE_URL: url, DATABASE_POOL_SIZE: poolSize } = data;
  return url.startsWith('file:')
    ? { kind: 'sqlite', path: url.slice('file:'.length) }
    : { kind: 'postgres', url, poolSize };
}

/** The configuration of this process. Throws with every fault in its message. */
export function loadConfig(): Config {
  const config = readConfig(process.env);
  if (!config.ok) {
    throw new Error(describeFaults(config.error));
  }
  return config.value;
}
