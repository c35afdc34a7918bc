import 'server-only';
import { cookies, headers } from 'next/headers';
import * as z from 'zod';
import { cookieValues, onlyValue } from './cookie-values.ts';
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

/**
 * @returns the cookies of a request, for what is to be told of each that was sent and did not open:
 * broken, forged, of a retired secret, past its time, or there twice. Told once a request.
 */
export function createCookies(
  options: CookieOptions,
): (onUnreadable: (cookie: keyof LoginCookies) => void) => LoginCookies {
  const { isSecure, secrets } = options;
  const prefix = isSecure ? '__Host-' : '';
  const attempt = {
    name: `${prefix}call-login-attempt`,
    isSecure,
    ttlSeconds: options.attemptTtlSeconds,
    sealer: createSealer({
      purpose: 'attempt cookie',
      schema: attemptCookieSchema,
      ttlSeconds: options.attemptTtlSeconds,
      secrets,
    }),
  };
  const session = {
    name: `${prefix}call-login-session`,
    isSecure,
    ttlSeconds: options.sessionTtlSeconds,
    sealer: createSealer({
      purpose: 'session cookie',
      schema: sessionCookieSchema,
      ttlSeconds: options.sessionTtlSeconds,
      secrets,
    }),
  };
  return (onUnreadable) => ({
    attempt: sealedCookie(
      attempt,
      once(() => onUnreadable('attempt')),
    ),
    session: sealedCookie(
      session,
      once(() => onUnreadable('session')),
    ),
  });
}

function once(run: () => void): () => void {
  let hasRun = false;
  return () => {
    if (!hasRun) {
      hasRun = true;
      run();
    }
  };
}

function sealedCookie<T>(
  cookie: { name: string; isSecure: boolean; ttlSeconds: number; sealer: Sealer<T> },
  onUnreadable: () => void,
): SealedCookie<T> {
  const { name, isSecure, ttlSeconds, sealer } = cookie;
  const attributes = { httpOnly: true, secure: isSecure, sameSite: 'lax', path: '/' } as const;
  return {
    async read() {
      const values = cookieValues((await headers()).get('cookie') ?? '', name);
      if (values.length === 0) {
        return null;
      }
      const seal = onlyValue(values);
      const value = seal === null ? null : await sealer.unseal(seal);
      if (value === null) {
        onUnreadable();
      }
      return value;
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
