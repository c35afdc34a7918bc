import 'server-only';
import { cookies, headers } from 'next/headers';
import * as z from 'zod';
import { phoneNumberSchema } from '../shared/phone-number.ts';
import { createSealer, type Sealer } from './seal.ts';

/** What the attempt's cookie holds. */
const attemptCookieSchema = z.strictObject({
  /** Names this browser among those that try to log in; outlives a single attempt. */
  browserToken: z.string(),
  /** Opens the attempt; forgotten when it has ended. */
  attemptToken: z.optional(z.string()),
  /**
   * How its number and this browser stand: to be remembered here after the login, or remembered
   * here before, and then shown masked.
   */
  number: z.optional(z.enum(['to_remember', 'remembered'])),
});

export type AttemptCookie = z.infer<typeof attemptCookieSchema>;

/** What the session's cookie holds. Everything else about a session is in the store. */
const sessionCookieSchema = z.strictObject({ sessionToken: z.string() });

export type SessionCookie = z.infer<typeof sessionCookieSchema>;

/** What the cookie holds that remembers a number, because its owner asked for it. Opens nothing. */
const numberCookieSchema = z.strictObject({ phoneNumber: phoneNumberSchema });

export type NumberCookie = z.infer<typeof numberCookieSchema>;

/** What came of a form that was sent without scripts, for the page that is shown next. */
const formCookieSchema = z.strictObject({
  phoneNumberInput: z.string(),
  problem: z.nullable(z.strictObject({ isAboutNumber: z.boolean(), error: z.string() })),
});

export type FormCookie = z.infer<typeof formCookieSchema>;

/** How long a number is remembered after the last login with it. */
const NUMBER_TTL_SECONDS = 180 * 24 * 60 * 60;

/** Long enough for one page to load. */
const FORM_TTL_SECONDS = 60;

/** A sealed cookie. Writing and clearing work in route handlers only: a page has no say in headers. */
export interface SealedCookie<T> {
  /** What the cookie holds, or null if there is none that we sealed: an anonymous visitor. */
  read(): Promise<T | null>;
  write(value: T): Promise<void>;
  clear(): Promise<void>;
}

export interface LoginCookies {
  attempt: SealedCookie<AttemptCookie>;
  session: SealedCookie<SessionCookie>;
  number: SealedCookie<NumberCookie>;
  form: SealedCookie<FormCookie>;
}

export interface CookieOptions {
  /** Served over https, so the cookies can be bound to this host and to secure connections. */
  isSecure: boolean;
  secrets: readonly [string, ...string[]];
  attemptTtlSeconds: number;
  sessionTtlSeconds: number;
}

export function createCookies(options: CookieOptions): LoginCookies {
  const { isSecure, secrets } = options;
  const cookie = <T>(kind: string, schema: z.ZodType<T>, ttlSeconds: number) =>
    sealedCookie(
      { name: `${isSecure ? '__Host-' : ''}call-login-${kind}`, isSecure, ttlSeconds },
      createSealer({ purpose: `${kind} cookie`, schema, ttlSeconds, secrets }),
    );
  return {
    attempt: cookie('attempt', attemptCookieSchema, options.attemptTtlSeconds),
    session: cookie('session', sessionCookieSchema, options.sessionTtlSeconds),
    number: cookie('number', numberCookieSchema, NUMBER_TTL_SECONDS),
    form: cookie('form', formCookieSchema, FORM_TTL_SECONDS),
  };
}

function sealedCookie<T>(
  cookie: { name: string; isSecure: boolean; ttlSeconds: number },
  sealer: Sealer<T>,
): SealedCookie<T> {
  const { name, isSecure, ttlSeconds } = cookie;
  const attributes = { httpOnly: true, secure: isSecure, sameSite: 'lax', path: '/' } as const;
  return {
    async read() {
      const seal = onlyValue((await headers()).get('cookie') ?? '', name);
      return seal === null ? null : await sealer.unseal(seal);
    },
    async write(value) {
      const seal = await sealer.seal(value);
      (await cookies()).set(name, seal, { ...attributes, maxAge: ttlSeconds });
    },
    async clear() {
      (await cookies()).set(name, '', { ...attributes, maxAge: 0 });
    },
  };
}

/**
 * The value of a cookie that was sent exactly once. Two of one name mean that somebody else planted
 * one of them, and which one a parser takes is chance.
 */
export function onlyValue(cookieHeader: string, name: string): string | null {
  const values = cookieHeader
    .split(';')
    // Only what RFC 6265 calls white space: a parser that trims more takes a planted name for ours.
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined ? value : null;
}
