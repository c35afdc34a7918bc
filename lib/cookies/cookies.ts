import 'server-only';
import * as z from 'zod';
import { phoneNumberSchema } from '../shared/contract.ts';
import { numberMemories } from '../shared/number-memory.ts';
import { cookieValues, onlyValue } from './cookie-values.ts';
import { createSealer, type Sealer, type Unsealed } from './seal.ts';

/** What the attempt's cookie holds. */
const attemptCookieSchema = z.strictObject({
  /** Lets the browser's next attempt be known as its own; kept when the attempt has ended. */
  browserToken: z.string(),
  /** Opens the attempt; forgotten when it has ended. */
  attemptToken: z.optional(z.string()),
  /** How its number stands with this browser; shown masked where it was remembered. */
  number: z.optional(z.enum(numberMemories)),
});

export type AttemptCookie = z.infer<typeof attemptCookieSchema>;

/** What the session's cookie holds. Everything else about a session is in the store. */
const sessionCookieSchema = z.strictObject({ sessionToken: z.string() });

type SessionCookie = z.infer<typeof sessionCookieSchema>;

/** What the cookie holds that remembers a number, because its owner asked for it. Opens nothing. */
const numberCookieSchema = z.strictObject({ phoneNumber: phoneNumberSchema });

type NumberCookie = z.infer<typeof numberCookieSchema>;

/** What came of a form that was sent without scripts, for the page that is shown next. */
const formCookieSchema = z.strictObject({
  phoneNumberInput: z.string(),
  problem: z.nullable(z.strictObject({ isAboutNumber: z.boolean(), error: z.string() })),
});

type FormCookie = z.infer<typeof formCookieSchema>;

/** How long a number is remembered after the last login with it. */
const NUMBER_TTL_SECONDS = 180 * 24 * 60 * 60;

/** Long enough for one page to load. */
const FORM_TTL_SECONDS = 60;

/** A sealed cookie of one request. What is written or cleared goes out with the answer. */
interface SealedCookie<T> {
  /** What the cookie holds, or null if the request carries none that we sealed. */
  read(): Promise<T | null>;
  write(value: T): Promise<void>;
  clear(): void;
  /** Whether what was sent opens, but was sealed with an older secret. */
  isOld(): Promise<boolean>;
  /**
   * Seals what was sent with the newest secret, for the rest of its lifetime; no effect where the
   * cookie was written or cleared in this request.
   */
  reseal(): Promise<void>;
}

type CookieName = 'attempt' | 'session' | 'number' | 'form';

/** The cookies of one request. */
export interface RequestCookies {
  attempt: SealedCookie<AttemptCookie>;
  session: SealedCookie<SessionCookie>;
  number: SealedCookie<NumberCookie>;
  form: SealedCookie<FormCookie>;
  /** Clears each cookie that the request carries and that cannot be unsealed. */
  clearUnreadable(): Promise<void>;
  /** The `Set-Cookie` headers of the answer. */
  toSend(): string[];
}

export interface CookieOptions {
  /** Served over https, so the cookies are bound to this host and to secure connections. */
  isSecure: boolean;
  secrets: readonly [string, ...string[]];
  attemptTtlSeconds: number;
  sessionTtlSeconds: number;
}

/**
 * Opens the cookies of one request.
 *
 * @param header its `Cookie` header.
 * @param onUnreadable called once for each cookie that cannot be unsealed: broken, forged, of a
 * retired secret, expired, or sent twice.
 */
export type OpenCookies = (
  header: string,
  onUnreadable: (cookie: CookieName) => void,
) => RequestCookies;

/** @returns what opens the cookies of a request. */
export function createCookies(options: CookieOptions): OpenCookies {
  const { isSecure, secrets } = options;
  const kind = <T>(name: CookieName, schema: z.ZodType<T>, ttlSeconds: number): CookieKind<T> => ({
    name: `${isSecure ? '__Host-' : ''}call-login-${name}`,
    ttlSeconds,
    sealer: createSealer({ purpose: `${name} cookie`, schema, ttlSeconds, secrets }),
  });
  const kinds = {
    attempt: kind('attempt', attemptCookieSchema, options.attemptTtlSeconds),
    session: kind('session', sessionCookieSchema, options.sessionTtlSeconds),
    number: kind('number', numberCookieSchema, NUMBER_TTL_SECONDS),
    form: kind('form', formCookieSchema, FORM_TTL_SECONDS),
  };
  return (header, onUnreadable) => {
    const written: Written = new Map();
    const open = <T>(cookie: CookieName, of: CookieKind<T>) =>
      openCookie(of, header, written, () => onUnreadable(cookie));
    const attempt = open('attempt', kinds.attempt);
    const session = open('session', kinds.session);
    const number = open('number', kinds.number);
    const form = open('form', kinds.form);
    return {
      attempt,
      session,
      number,
      form,
      async clearUnreadable() {
        const all = [attempt, session, number, form];
        await Promise.all(all.map((cookie) => cookie.clearIfUnreadable()));
      },
      toSend: () =>
        [...written].map(([name, { value, maxAge }]) =>
          serializeCookie(name, value, maxAge, isSecure),
        ),
    };
  };
}

/**
 * A `Set-Cookie` header (RFC 6265bis) for the whole site, out of reach of scripts and of requests that
 * other sites make.
 *
 * @param maxAge in seconds; 0 clears the cookie.
 */
export function serializeCookie(
  name: string,
  value: string,
  maxAge: number,
  isSecure: boolean,
): string {
  const secure = isSecure ? '; Secure' : '';
  return `${name}=${value}; Path=/; Max-Age=${maxAge}${secure}; HttpOnly; SameSite=Lax`;
}

interface CookieKind<T> {
  name: string;
  ttlSeconds: number;
  sealer: Sealer<T>;
}

/** By name, what the answer is to set; the last write wins. */
type Written = Map<string, { value: string; maxAge: number }>;

/** What a request carries under the name of a cookie. */
type Carried<T> = { kind: 'none' | 'unreadable' } | { kind: 'sealed'; unsealed: Unsealed<T> };

function openCookie<T>(
  { name, ttlSeconds, sealer }: CookieKind<T>,
  header: string,
  written: Written,
  onUnreadable: () => void,
): SealedCookie<T> & { clearIfUnreadable(): Promise<void> } {
  const open = async (): Promise<Carried<T>> => {
    const values = cookieValues(header, name);
    if (values.length === 0) {
      return { kind: 'none' };
    }
    const seal = onlyValue(values);
    const unsealed = seal === null ? null : await sealer.unseal(seal);
    if (unsealed === null) {
      onUnreadable();
      return { kind: 'unreadable' };
    }
    return { kind: 'sealed', unsealed };
  };
  let carried: Promise<Carried<T>> | undefined;
  const openOnce = () => {
    carried ??= open();
    return carried;
  };
  const clear = () => void written.set(name, { value: '', maxAge: 0 });
  return {
    clear,
    async read() {
      const found = await openOnce();
      return found.kind === 'sealed' ? found.unsealed.value : null;
    },
    async write(value) {
      written.set(name, { value: await sealer.seal(value), maxAge: ttlSeconds });
    },
    async clearIfUnreadable() {
      if ((await openOnce()).kind === 'unreadable') {
        clear();
      }
    },
    async isOld() {
      const found = await openOnce();
      return found.kind === 'sealed' && found.unsealed.isOld;
    },
    async reseal() {
      const found = await openOnce();
      const resealed = found.kind === 'sealed' ? await sealer.reseal(found.unsealed) : null;
      if (resealed !== null && !written.has(name)) {
        written.set(name, { value: resealed.seal, maxAge: resealed.leftSeconds });
      }
    },
  };
}
