import 'server-only';
import { cookies, headers } from 'next/headers';
import * as z from 'zod';
import { createSealer, type Sealer } from './seal.ts';

/** What the attempt's cookie holds. */
const attemptCookieSchema = z.strictObject({
  /** Lets the browser's next attempt be known as its own; kept when the attempt has ended. */
  browserToken: z.string(),
  /** Opens the attempt; forgotten when it has ended. */
  attemptToken: z.optional(z.string()),
});

export type AttemptCookie = z.infer<typeof attemptCookieSchema>;

/** What the session's cookie holds. Everything else about a session is in the store. */
const sessionCookieSchema = z.strictObject({ sessionToken: z.string() });

export type SessionCookie = z.infer<typeof sessionCookieSchema>;

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
  const prefix = isSecure ? '__Host-' : '';
  return {
    attempt: sealedCookie(
      { name: `${prefix}call-login-attempt`, isSecure, ttlSeconds: options.attemptTtlSeconds },
      createSealer({
        purpose: 'attempt cookie',
        schema: attemptCookieSchema,
        ttlSeconds: options.attemptTtlSeconds,
        secrets,
      }),
    ),
    session: sealedCookie(
      { name: `${prefix}call-login-session`, isSecure, ttlSeconds: options.sessionTtlSeconds },
      createSealer({
        purpose: 'session cookie',
        schema: sessionCookieSchema,
        ttlSeconds: options.sessionTtlSeconds,
        secrets,
      }),
    ),
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
