import 'server-only';
import * as z from 'zod';
import { platformHeaders, type TrustedProxy } from '../limits/client-address.ts';
import type { Limit } from '../limits/start-limits.ts';
import { type NumberTypeName, numberTypes } from '../phone/number-types.ts';

/** The kinds of value that a variable can have. Each says in its message what it wants instead. */

/** A whole number of `unit`, from `min` to `max`. */
export const number = (unit: string, min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .catch(Number.NaN)
    .refine((value) => !Number.isNaN(value), `must be a whole number of ${unit}, ${min} to ${max}`)
    .default(fallback);

/** One of a few words. */
export const choice = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  fallback: Values[number],
) => z.enum(values, `must be one of: ${values.join(', ')}`).default(fallback);

/** A complete http or https address. */
export const url = z
  .string('is required')
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be a complete address such as https://example.com',
  )
  .transform((text) => new URL(text));

/** A file of SQLite, or a PostgreSQL server whose certificate is checked where it has one. */
export const databaseUrl = z
  .string()
  .regex(/^file:.+|^postgres(ql)?:\/\//, 'must be file:<path> or postgres://…')
  .refine(
    (text) => text.startsWith('file:') || URL.canParse(text),
    'must be postgres://<user>:<password>@<host>:<port>/<database>, special characters as %xx',
  )
  .refine(
    (text) => !/[?&]sslmode=no-verify/.test(text),
    'switches TLS verification off with sslmode=no-verify',
  );

/** What seals the cookies: long, and nobody's first guess. */
export const sessionSecret = z
  .string()
  .min(32, 'must be at least 32 characters long: openssl rand -base64 32')
  .refine(
    (secret) =>
      new Set(secret).size >= 12 && !/password|secret|changeme|example|12345678/i.test(secret),
    'is too easy to guess: openssl rand -base64 32',
  );

const PAIR = '[1-9]\\d{0,8}/[1-9]\\d{0,8}';

function readPair(text: string): Limit {
  const [count, seconds] = text.split('/').map(Number);
  return { count: count ?? 1, seconds: seconds ?? 1 };
}

/** `5/10`: five in ten seconds. */
export const limit = (fallback: string) =>
  z
    .string()
    .regex(new RegExp(`^${PAIR}$`), 'must be <count>/<seconds>, such as 5/10')
    .default(fallback)
    .transform(readPair);

/** `5/3600`: five in an hour; several with spaces between, all of which hold. */
export const limits = (fallback: string) =>
  z
    .string()
    .regex(
      new RegExp(`^${PAIR}( ${PAIR})*$`),
      'must be <count>/<seconds>, such as 5/3600; several with a space between',
    )
    .default(fallback)
    .transform((text) => text.split(' ').map(readPair));

/** A named platform, or how many proxies stand in front. */
export const trustedProxy = z
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

/** Kinds of number, with commas between. */
export const numberTypeList = z
  .string()
  .default(numberTypes.join(','))
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(numberTypes, `must be a list of: ${numberTypes.join(', ')}`)))
  .transform((names): ReadonlySet<NumberTypeName> => new Set(names));
