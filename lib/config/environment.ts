import 'server-only';
import * as z from 'zod';
import { isCountryCode } from '../phone/phone-number.ts';
import {
  choice,
  databaseUrl,
  limit,
  limits,
  number,
  numberTypeList,
  sessionSecret,
  trustedProxy,
  url,
} from './fields.ts';

/** What a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable, with its default where it has one. */
export const environmentSchema = z.object({
  PAUTH_API_KEY: z
    .string('is required: the key of your pAuth account')
    .regex(/^[\x21-\x7e]+$/, 'must not be empty or hold spaces'),
  PAUTH_BASE_URL: url.default(new URL('https://api.pauth.me')),
  PAUTH_TIMEOUT_MS: number('milliseconds', 500, 10_000, 3_000),
  PAUTH_MAX_IN_FLIGHT: number('requests', 1, 10_000, 50),
  PAUTH_BREAKER: limit('5/10'),
  APP_ORIGIN: url.refine(
    (origin) => origin.href === `${origin.origin}/`,
    'must be an origin alone, such as https://login.example.com',
  ),
  SESSION_SECRET: z
    .string('is required: openssl rand -base64 32')
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .pipe(z.tuple([sessionSecret], sessionSecret)),
  DATABASE_URL: databaseUrl.default('file:.data/call-login.db'),
  DATABASE_POOL_SIZE: number('connections', 1, 1_000, 10),
  REDIS_URL: z
    .string()
    .refine(
      (text) => /^rediss?:\/\//.test(text) && URL.canParse(text),
      'must be redis://<host>:<port> or rediss://…, special characters as %xx',
    )
    .optional(),
  TRUSTED_PROXY: trustedProxy,
  START_LIMIT_PER_NUMBER: limits('3/60 5/3600'),
  START_LIMIT_PER_NETWORK: limits('10/600'),
  START_LIMIT_TOTAL: limits('1000/3600'),
  SESSION_IDLE_SECONDS: number('seconds', 300, 2_592_000, 86_400),
  SESSION_TTL_SECONDS: number('seconds', 300, 2_592_000, 604_800),
  DORMANT_DAYS: number('days', 0, 3_650, 365),
  ATTEMPT_RETENTION_DAYS: number('days', 1, 3_650, 7),
  EVENT_RETENTION_DAYS: number('days', 0, 3_650, 365),
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

/** The variables this project reads, for `.env.example` and its test. */
export const environmentVariables: readonly string[] = Object.keys(environmentSchema.shape);

/** Whether a variable has a value: an empty one counts as one that is not set, as in an `.env` file. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** What is set of the variables we read. */
export function onlySet(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    environmentVariables.flatMap((variable) => {
      const value = environment[variable];
      return isSet(value) ? [[variable, value]] : [];
    }),
  );
}
