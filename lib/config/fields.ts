import 'server-only';
import * as z from 'zod';
import { platformHeaders, type TrustedProxy } from '../limits/client-address.ts';
import type { Limit } from '../limits/start-limits.ts';
import { type NumberTypeName, numberTypes } from '../phone/number-types.ts';
import { isCountryCode } from '../phone/phone-number.ts';

/** A kind of value that a variable can have. */
export interface Field<Value> {
  schema: z.ZodType<Value, string>;
  /** What the schema accepts, in Markdown; reads on after "must be". */
  allowed: string;
}

/** @param schemaWith makes the schema from the message for a value that is not allowed. */
function field<Value>(
  allowed: string,
  schemaWith: (message: string) => z.ZodType<Value, string>,
): Field<Value> {
  return { schema: schemaWith(`must be ${plainText(allowed)}`), allowed };
}

/** Removes the code marks and link targets of Markdown, for a terminal or an `.env` file. */
export function plainText(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');
}

function listOf(values: Iterable<string>): string {
  return [...values].map((value) => `\`${value}\``).join(', ');
}

function isWholeNumber(text: string, min: number, max: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
}

/** @param unit in the plural, such as seconds */
export const wholeNumber = (unit: string, min: number, max: number) =>
  field(`a whole number of ${unit}, ${min} to ${max}`, (message) =>
    z
      .string()
      .refine((text) => isWholeNumber(text, min, max), message)
      .transform(Number),
  );

export const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  field(`one of: ${listOf(values)}`, (message) => z.enum(values, message));

/** What an Authorization header can carry. */
export const apiKey = field(
  'the key of your pAuth account, printable ASCII without spaces',
  (message) => z.string().regex(/^[\x21-\x7e]+$/, message),
);

export const url = field('a complete address such as `https://example.com`', (message) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), message)
    .transform((text) => new URL(text)),
);

export const origin = field('an origin alone, such as `https://login.example.com`', (message) =>
  url.schema.refine((address) => address.href === `${address.origin}/`, message),
);

/** SQLite or PostgreSQL. */
export const databaseUrl = field(
  '`file:<path>` or `postgres://<user>:<password>@<host>:<port>/<database>`, special characters as `%xx`',
  (message) =>
    z
      .string()
      .refine(
        (text) => /^file:./.test(text) || (/^postgres(ql)?:/.test(text) && isServerUrl(text)),
        message,
      )
      .refine(
        (text) => !/[?&]sslmode=no-verify/.test(text),
        'switches TLS verification off with sslmode=no-verify',
      ),
);

/** `rediss` is Redis over TLS. */
export const redisUrl = field(
  '`redis://<host>:<port>` or `rediss://…`, special characters as `%xx`',
  (message) => z.string().refine((text) => /^rediss?:/.test(text) && isServerUrl(text), message),
);

function isServerUrl(text: string): boolean {
  return /^\w+:\/\//.test(text) && URL.canParse(text);
}

const SECRET_MIN_LENGTH = 32;
const SECRET_MIN_VARIETY = 12;
const GUESSABLE = ['password', 'secret', 'changeme', 'example', '12345678'];
const MAKE_A_SECRET = 'openssl rand -base64 32';

const secret = z
  .string()
  .min(SECRET_MIN_LENGTH, `must be at least ${SECRET_MIN_LENGTH} characters long: ${MAKE_A_SECRET}`)
  .refine(
    (text) =>
      new Set(text).size >= SECRET_MIN_VARIETY &&
      !GUESSABLE.some((word) => text.toLowerCase().includes(word)),
    `is too easy to guess: ${MAKE_A_SECRET}`,
  );

/** One secret or several, newest first. */
export const secrets: Field<[string, ...string[]]> = {
  schema: z
    .string()
    .transform((list) => list.split(',').map((each) => each.trim()))
    .pipe(z.tuple([secret], secret)),
  allowed:
    `one secret or several, newest first, separated by commas; \`${MAKE_A_SECRET}\` makes one. Each is at ` +
    `least ${SECRET_MIN_LENGTH} characters long, ${SECRET_MIN_VARIETY} of them different, and contains none of ` +
    listOf(GUESSABLE),
};

const LIMIT_MAX_DIGITS = 9;
const LIMIT_NUMBER = `[1-9]\\d{0,${LIMIT_MAX_DIGITS - 1}}`;
const LIMIT = `${LIMIT_NUMBER}/${LIMIT_NUMBER}`;
const LIMIT_RANGE = `each 1 to ${10 ** LIMIT_MAX_DIGITS - 1}`;

function readLimit(text: string): Limit {
  const [count, seconds] = text.split('/').map(Number);
  return { count: count ?? 1, seconds: seconds ?? 1 };
}

/** `5/10` is five in ten seconds. */
export const limit = field(`\`<count>/<seconds>\`, such as \`5/10\`, ${LIMIT_RANGE}`, (message) =>
  z
    .string()
    .regex(new RegExp(`^${LIMIT}$`), message)
    .transform(readLimit),
);

/** Limits that all apply. */
export const limits = field(
  `\`<count>/<seconds>\`, such as \`5/3600\`, ${LIMIT_RANGE}; several with a space between`,
  (message) =>
    z
      .string()
      .regex(new RegExp(`^${LIMIT}( ${LIMIT})*$`), message)
      .transform((text) => text.split(' ').map(readLimit)),
);

const MAX_PROXIES = 9;

export const trustedProxy = field(
  `${listOf(platformHeaders.keys())}, or the number of proxies in front, 0 to ${MAX_PROXIES}`,
  (message) =>
    z
      .string()
      .refine((text) => platformHeaders.has(text) || isWholeNumber(text, 0, MAX_PROXIES), message)
      .transform((text): TrustedProxy => {
        const header = platformHeaders.get(text);
        return header === undefined ? { hops: Number(text) } : { header };
      }),
);

export const numberTypeSet = field(
  `one or more of: ${listOf(numberTypes)}, separated by commas`,
  (message) =>
    z
      .string()
      .transform((list) => list.split(',').map((name) => name.trim()))
      .pipe(z.array(z.enum(numberTypes, message)))
      .transform((names): ReadonlySet<NumberTypeName> => new Set(names)),
);

export const country = field('a two-letter country code such as `JP`', (message) =>
  z.string().refine(isCountryCode, message),
);

/** @param maxLength counts what is left without spaces at both ends */
export const shortText = (maxLength: number) =>
  field(`1 to ${maxLength} characters long`, (message) =>
    z.string().trim().min(1, message).max(maxLength, message),
  );
