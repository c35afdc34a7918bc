import 'server-only';
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { platformHeaders, type TrustedProxy } from './limits/client-address.ts';
import type { Limit, StartLimitRules } from './limits/start-limits.ts';
import { type NumberTypeName, numberTypes } from './number-types.ts';
import { type CountryCode, isCountryCode } from './phone-number.ts';
import { fail, type Result, succeed } from './result.ts';

/** Everything the environment decides, read once at boot. */
export interface Config {
  pauth: {
    apiKey: string;
    baseUrl: URL;
    timeoutMs: number;
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
  store: {
    /** Where the SQLite file lies, or `:memory:`. */
    path: string;
  };
}

/** What is wrong with one variable, in words for the person who deploys. Never holds its value. */
export interface ConfigFault {
  variable: string;
  problem: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const number = (unit: string, min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .catch(Number.NaN)
    .refine((value) => !Number.isNaN(value), `must be a whole number of ${unit}, ${min} to ${max}`)
    .default(fallback);

const choice = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  fallback: Values[number],
) => z.enum(values, `must be one of: ${values.join(', ')}`).default(fallback);

const url = z
  .string('is required')
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be a complete address such as https://example.com',
  )
  .transform((text) => new URL(text));

const sessionSecret = z
  .string()
  .min(32, 'must be at least 32 characters long: openssl rand -base64 32')
  .refine(
    (secret) =>
      new Set(secret).size >= 12 && !/password|secret|changeme|example|12345678/i.test(secret),
    'is too easy to guess: openssl rand -base64 32',
  );

/** `5/3600`: five in an hour; several with spaces between, all of which hold. */
const limits = (fallback: string) =>
  z
    .string()
    .regex(
      /^[1-9]\d{0,8}\/[1-9]\d{0,8}( [1-9]\d{0,8}\/[1-9]\d{0,8})*$/,
      'must be <count>/<seconds>, such as 5/3600; several with a space between',
    )
    .default(fallback)
    .transform((text) =>
      text.split(' ').map((pair): Limit => {
        const [count, seconds] = pair.split('/').map(Number);
        return { count: count ?? 1, seconds: seconds ?? 1 };
      }),
    );

const numberTypeList = z
  .string()
  .default(numberTypes.join(','))
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(numberTypes, `must be a list of: ${numberTypes.join(', ')}`)))
  .transform((names): ReadonlySet<NumberTypeName> => new Set(names));

const trustedProxy = z
  .string()
  .default('0')
  .transform((text, context): TrustedProxy => {
    const header = platformHeaders.get(text);
    if (header !== undefined) {
      return { header };
    }
    if (!/^\d$/.test(text)) {
      const names = [...platformHeaders.keys()].join(', ');
      context.addIssue(`must be ${names}, or the number of proxies in front, 0 to 9`);
    }
    return { hops: Number(text) };
  });

const environmentSchema = z.object({
  PAUTH_API_KEY: z
    .string('is required: the key of your pAuth account')
    .regex(/^[\x21-\x7e]+$/, 'must not be empty or hold spaces'),
  PAUTH_BASE_URL: url.default(new URL('https://api.pauth.me')),
  PAUTH_TIMEOUT_MS: number('milliseconds', 500, 10_000, 3_000),
  APP_ORIGIN: url.refine(
    (origin) => origin.href === `${origin.origin}/`,
    'must be an origin alone, such as https://login.example.com',
  ),
  SESSION_SECRET: z
    .string('is required: openssl rand -base64 32')
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .pipe(z.tuple([sessionSecret], sessionSecret)),
  DATABASE_URL: z
    .string()
    .regex(/^file:.+/, 'must be file:<path>; other databases are not supported yet')
    .default('file:.data/call-login.db'),
  TRUSTED_PROXY: trustedProxy,
  START_LIMIT_PER_NUMBER: limits('3/60 5/3600'),
  START_LIMIT_PER_NETWORK: limits('10/600'),
  START_LIMIT_TOTAL: limits('1000/3600'),
  SESSION_IDLE_SECONDS: number('seconds', 300, 2_592_000, 86_400),
  SESSION_TTL_SECONDS: number('seconds', 300, 2_592_000, 604_800),
  DORMANT_DAYS: number('days', 0, 3_650, 365),
  SIGNUP: choice(['open', 'closed'], 'open'),
  ATTEMPT_TTL_SECONDS: number('seconds', 60, 600, 300),
  POLL_LIMIT: number('polls', 1, 1_000, 30),
  STATUS_WAIT_SECONDS: number('seconds', 0, 55, 25),
  DEFAULT_COUNTRY: z
    .string()
    .refine(isCountryCode, 'must be a two-letter country code such as JP')
    .default('JP'),
  NUMBER_TYPES: numberTypeList,
  HELP_URL: url.optional(),
  CALL_COST: choice(['free', 'paid', 'unknown'], 'unknown'),
  SITE_NAME: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(60, 'must be at most 60 characters long')
    .default('call-login'),
});

/** The two that are also checked against each other, whatever else is wrong. */
const addressesSchema = environmentSchema.pick({ APP_ORIGIN: true, PAUTH_BASE_URL: true });

/** The variables this project reads, for `.env.example` and its test. */
export const environmentVariables: readonly string[] = Object.keys(environmentSchema.shape);

/**
 * Reads the configuration from an environment, or lists every fault in it at once.
 *
 * An empty variable counts as one that is not set, as in an `.env` file.
 */
export function readConfig(environment: Environment): Result<Config, ConfigFault[]> {
  const given = onlySet(environment);
  const parsed = environmentSchema.safeParse(given);
  const faults = faultsOf(parsed.error);
  faults.push(...faultsOfHost(environment));
  const addresses = addressesSchema.safeParse(given);
  if (addresses.success) {
    faults.push(...faultsOfAddresses(addresses.data.APP_ORIGIN, addresses.data.PAUTH_BASE_URL));
  }
  if (!parsed.success || faults.length > 0) {
    return fail(faults);
  }
  const { data } = parsed;
  return succeed({
    pauth: {
      apiKey: data.PAUTH_API_KEY,
      baseUrl: data.PAUTH_BASE_URL,
      timeoutMs: data.PAUTH_TIMEOUT_MS,
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
    store: { path: pathOf(data.DATABASE_URL) },
  });
}

/** What a command needs that works on the users alone, beside the server or without it. */
export interface UsersConfig {
  store: Config['store'];
  defaultCountry: CountryCode;
}

/** The variables such a command reads; the others may be missing or wrong. */
const usersSchema = environmentSchema.pick({ DATABASE_URL: true, DEFAULT_COUNTRY: true });

/** Reads where the users are kept and whose numbers they have, and nothing else. */
export function readUsersConfig(environment: Environment): Result<UsersConfig, ConfigFault[]> {
  const { data, error } = usersSchema.safeParse(onlySet(environment));
  return data === undefined
    ? fail(faultsOf(error))
    : succeed({
        store: { path: pathOf(data.DATABASE_URL) },
        defaultCountry: data.DEFAULT_COUNTRY,
      });
}

/** One line per fault, for the terminal of whoever starts the server. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  const lines = faults.map(({ variable, problem }) => `  ${variable} ${problem}`);
  return ['call-login cannot start. Set right in the environment:', ...lines].join('\n');
}

/** What is set of the variables we read: an empty one counts as not set. */
function onlySet(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    environmentVariables.flatMap((variable) => {
      const value = environment[variable];
      return isSet(value) ? [[variable, value]] : [];
    }),
  );
}

function faultsOf(error: z.ZodError | undefined): ConfigFault[] {
  return (error?.issues ?? []).map((issue) => ({
    variable: String(issue.path[0]),
    problem: issue.message,
  }));
}

function pathOf(databaseUrl: string): string {
  return databaseUrl.slice('file:'.length);
}

/** The configuration of this process. Throws with every fault in its message. */
export function loadConfig(): Config {
  const config = readConfig(process.env);
  if (!config.ok) {
    throw new Error(describeFaults(config.error));
  }
  return config.value;
}

function faultsOfAddresses(origin: URL, baseUrl: URL): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (!isLoopback(origin) && origin.protocol !== 'https:') {
    faults.push({ variable: 'APP_ORIGIN', problem: 'must begin with https://' });
  }
  const isLocalTrial = isLoopback(origin) && isLoopback(baseUrl);
  if (!isLocalTrial && isLoopback(baseUrl)) {
    faults.push({
      variable: 'PAUTH_BASE_URL',
      problem: 'is this machine: anyone who can reach a sandbox logs in as anyone',
    });
  } else if (!isLocalTrial && baseUrl.protocol !== 'https:') {
    faults.push({ variable: 'PAUTH_BASE_URL', problem: 'must begin with https://' });
  }
  if (/[@?#]/.test(baseUrl.href)) {
    faults.push({
      variable: 'PAUTH_BASE_URL',
      problem: 'must hold no user name, password, query or fragment',
    });
  }
  return faults;
}

/** Hosts that keep no disk between requests, by a variable each of them sets. */
const serverlessMarks = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE'] as const;

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function faultsOfHost(environment: Environment): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    faults.push({
      variable: 'NODE_TLS_REJECT_UNAUTHORIZED',
      problem: 'switches TLS verification off; remove it',
    });
  }
  const mark = serverlessMarks.find((name) => isSet(environment[name]));
  if (mark !== undefined) {
    faults.push({
      variable: 'DATABASE_URL',
      problem: `is a file, and this host (${mark} is set) keeps no files: users and sessions would be lost`,
    });
  }
  return faults;
}

/** Whether an address is this machine itself, in any of its spellings. */
function isLoopback(address: URL): boolean {
  const host = address.hostname.replace(/^\[|\]$|\.$/g, '');
  return (
    host === 'localhost' ||
    (ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range()))
  );
}
