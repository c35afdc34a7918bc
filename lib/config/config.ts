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

/** The configuration of a process, read from the environment once, at boot. */
export interface Config {
  pauth: {
    apiKey: string;
    baseUrl: URL;
    timeoutMs: number;
    maxInFlight: number;
    /** The failures that open the circuit breaker. */
    breaker: Limit;
    /** Whether the vendor is a sandbox on this machine, which the pages then say. */
    isSandbox: boolean;
  };
  app: {
    origin: URL;
    siteName: string;
    defaultCountry: CountryCode;
    numberTypes: ReadonlySet<NumberTypeName>;
    /** Where people who cannot call find another way to log in; null if the deployer offers none. */
    helpUrl: URL | null;
    signup: 'open' | 'closed';
    callCost: 'free' | 'paid' | 'unknown';
    /** Newest first: the first one seals cookies, all of them open cookies. */
    sessionSecrets: [string, ...string[]];
    trustedProxy: TrustedProxy;
    /** Days without use after which a number may belong to somebody else; 0 means never. */
    dormantDays: number;
  };
  session: {
    /** How long a session lasts without being used. */
    idleSeconds: number;
    /** How long a session lasts at most, counted from its login. */
    ttlSeconds: number;
  };
  startLimits: StartLimitRules;
  attempt: {
    ttlSeconds: number;
    pollLimit: number;
    /** The longest time a status poll is held; 0 answers every poll at once. */
    statusWaitSeconds: number;
  };
  store: StorePlace;
  /** May contain a password. Null where processes share nothing but the store. */
  redisUrl: string | null;
  retention: {
    /** An attempt contains a phone number and is not needed once it has ended. */
    attemptDays: number;
    /** 0 keeps events for ever. */
    eventDays: number;
  };
}

/** Reads the configuration from an environment, or lists every fault in it. */
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

/** The configuration of `npm run users`, which runs beside the server or without it. */
export interface UsersConfig {
  store: Config['store'];
  defaultCountry: CountryCode;
}

/** The variables that command reads; the others may be missing or wrong. */
const usersSchema = environmentSchema.pick({
  DATABASE_URL: true,
  DATABASE_POOL_SIZE: true,
  DEFAULT_COUNTRY: true,
});

/** Reads what `npm run users` needs, or lists the faults in those variables. */
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

/** Reads the configuration of this process. Throws an error whose message lists every fault. */
export function loadConfig(): Config {
  const config = readConfig(process.env);
  if (!config.ok) {
    throw new Error(describeFaults(config.error));
  }
  return config.value;
}
