import 'server-only';
import * as z from 'zod';
import { numberTypes } from '../phone/number-types.ts';
import { optional, required, withDefault } from './declarations.ts';
import {
  apiKey,
  choice,
  country,
  databaseUrl,
  limit,
  limits,
  numberTypeSet,
  origin,
  redisUrl,
  secrets,
  shortText,
  trustedProxy,
  url,
  wholeNumber,
} from './fields.ts';

/** The variables a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

const vendor = {
  PAUTH_API_KEY: required(apiKey, 'Authorizes the requests to the vendor.'),
  PAUTH_BASE_URL: withDefault(
    'https://api.pauth.me',
    url,
    "The base address of the vendor's API. It must use https, unless it is a sandbox on your own machine.",
  ),
  PAUTH_TIMEOUT_MS: withDefault(
    '3000',
    wholeNumber('milliseconds', 500, 10_000),
    'The time limit for one question to the vendor, including its retry.',
  ),
  PAUTH_MAX_IN_FLIGHT: withDefault(
    '50',
    wholeNumber('requests', 1, 10_000),
    'The most requests to the vendor, and the most login starts, that one process handles at a time.',
  ),
  PAUTH_BREAKER: withDefault(
    '5/10',
    limit,
    'The circuit breaker: after this many failures within this many seconds, [nothing is sent](decisions/0012-few-requests-to-a-failing-vendor.md) to the vendor for 15 seconds, or longer if its `Retry-After` says so.',
  ),
};

const site = {
  APP_ORIGIN: required(
    origin,
    'The address at which people reach the site. It must use https, except on your own machine.',
  ),
  SESSION_SECRET: required(
    secrets,
    'Seals the cookies. The first secret seals and all of them open, so that a secret [can be changed](#changing-session_secret) without logging anyone out.',
  ),
};

const store = {
  DATABASE_URL: withDefault(
    'file:.data/call-login.db',
    databaseUrl,
    'Where users, attempts, sessions and events are stored: an SQLite file, created if missing, or a PostgreSQL server.',
  ),
  DATABASE_POOL_SIZE: withDefault(
    '10',
    wholeNumber('connections', 1, 1_000),
    'The most connections to PostgreSQL that one process opens.',
  ),
  REDIS_URL: optional(
    redisUrl,
    'Lets several processes notify each other at once and count the limits together. Without it they do both through the database.',
    'redis://localhost:6379',
  ),
  ATTEMPT_RETENTION_DAYS: withDefault(
    '7',
    wholeNumber('days', 1, 3_650),
    'How long an attempt is kept, with the phone number in it.',
  ),
  EVENT_RETENTION_DAYS: withDefault(
    '365',
    wholeNumber('days', 0, 3_650),
    'How long an event is kept; `0` keeps it for ever.',
  ),
};

const proxyAndLimits = {
  TRUSTED_PROXY: withDefault(
    '0',
    trustedProxy,
    "What is trusted to report the browser's address: a platform, or the proxies in front of the server that append to `X-Forwarded-For`.",
  ),
  START_LIMIT_PER_NUMBER: withDefault(
    '3/60 5/3600',
    limits,
    'Attempts that may be started for one phone number from one network (an IPv4 address or an IPv6 /64).',
  ),
  START_LIMIT_PER_NETWORK: withDefault(
    '10/600',
    limits,
    'Attempts that may be started from one network (an IPv4 address or an IPv6 /64), for any number.',
  ),
  START_LIMIT_TOTAL: withDefault(
    '1000/3600',
    limits,
    'Attempts that may be started on the whole site. This bounds what an attack can cost.',
  ),
};

const loginAndSessions = {
  SIGNUP: withDefault(
    'open',
    choice(['open', 'closed']),
    'Whether a call from a number without a user creates one (`open`) or is refused (`closed`).',
  ),
  DEFAULT_COUNTRY: withDefault(
    'JP',
    country,
    'The country (ISO 3166) whose numbers may be typed without a country code.',
  ),
  NUMBER_TYPES: withDefault(
    numberTypes.join(','),
    numberTypeSet,
    'The kinds of phone number that may log in; `ip` is a VoIP number, which begins with 050 in Japan.',
  ),
  ATTEMPT_TTL_SECONDS: withDefault(
    '300',
    wholeNumber('seconds', 60, 600),
    'How long a person has to call.',
  ),
  POLL_LIMIT: withDefault(
    '30',
    wholeNumber('polls', 1, 1_000),
    'How many pending replies a page receives before it stops polling until the person presses a button.',
  ),
  STATUS_WAIT_SECONDS: withDefault(
    '25',
    wholeNumber('seconds', 0, 55),
    'How long the server holds a poll while nothing changes; `0` answers at once. It must be less than a proxy in front allows for a request.',
  ),
  SESSION_IDLE_SECONDS: withDefault(
    '86400',
    wholeNumber('seconds', 300, 2_592_000),
    'How long a session lasts without being used.',
  ),
  SESSION_TTL_SECONDS: withDefault(
    '604800',
    wholeNumber('seconds', 300, 2_592_000),
    'How long a session lasts at most after its login.',
  ),
  DORMANT_DAYS: withDefault(
    '365',
    wholeNumber('days', 0, 3_650),
    'A number unused for this long [may belong to somebody else](decisions/0006-recycled-numbers.md), so a call from it no longer opens the old account; `0` is never.',
  ),
};

const pages = {
  SITE_NAME: withDefault('call-login', shortText(60), 'The name of the site on its pages.'),
  CALL_COST: withDefault(
    'unknown',
    choice(['free', 'paid', 'unknown']),
    'What the page says about the price of the call.',
  ),
  HELP_URL: optional(
    url,
    'Where people who cannot call find another way to reach you; the login page links to it.',
    'https://www.example.com/help',
  ),
};

/** The variables by topic, in the order of the documents. */
export const variableGroups: readonly {
  title: string;
  variables: Readonly<Record<string, z.ZodType>>;
}[] = [
  { title: 'Vendor', variables: vendor },
  { title: 'Site', variables: site },
  { title: 'Store', variables: store },
  { title: 'Proxy and limits', variables: proxyAndLimits },
  { title: 'Login and sessions', variables: loginAndSessions },
  { title: 'Pages', variables: pages },
];

/** Every variable this project reads, except those of the command that starts the server. */
export const environmentSchema = z.object({
  ...vendor,
  ...site,
  ...store,
  ...proxyAndLimits,
  ...loginAndSessions,
  ...pages,
});

/** Whether a variable has a value; as in an `.env` file, an empty one has none. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** The variables of the schema that are set. */
export function onlySet(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.keys(environmentSchema.shape).flatMap((variable) => {
      const value = environment[variable];
      return isSet(value) ? [[variable, value]] : [];
    }),
  );
}
