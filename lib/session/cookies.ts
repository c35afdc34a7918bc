import 'server-only';
import { cookies, headers } from 'next/headers';
import * as z from 'zod';
import { onlyValue } from './only-value.ts';
import { createSealer, type Sealer } from './seal.ts';

/** What the attempt's cookie holds. */
const attemptCookieSchema = z.strictObject({
  /** Names this browser among those that try to log in; outlives a single attempt. */
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
