import 'server-only';
import { cookies, headers } from 'next/headers';
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

/** A sealed cookie. What is written or cleared goes out with `send`, not before. */
export interface SealedCookie<T> {
  /** What the cookie holds, or null if there is none that we sealed: an anonymous visitor. */
  read(): Promise<T | null>;
  write(value: T): Promise<void>;
  clear(): void;
  /** Clears what was sent under this name and does not open: it would only be sent again. */
  clearIfUnreadable(): Promise<void>;
  /** Whether what was sent opens, but was sealed with an older secret. */
  isOld(): Promise<boolean>;
  /**
   * Writes what was sent once more, sealed with the newest secret, for what is left of its time. What
   * else was written or cleared stands.
   */
  reseal(): Promise<void>;
}

type CookieName = 'attempt' | 'session' | 'number' | 'form';

export interface LoginCookies {
  attempt: SealedCookie<AttemptCookie>;
  session: SealedCookie<SessionCookie>;
  number: SealedCookie<NumberCookie>;
  form: SealedCookie<FormCookie>;
  /**
   * Sends what was written, with an answer that is complete: one that fails half-way takes nothing
   * along. Works in route handlers only: a page has no say in headers.
   */
  send(): Promise<void>;
}

export interface CookieOptions {
  /** Served over https, so the cookies can be bound to this host and to secure connections. */
  isSecure: boolean;
  secrets: readonly [string, ...string[]];
  attemptTtlSeconds: number;
  sessionTtlSeconds: number;
}

/** What the cookies of one request need to know. */
export interface CookieRequest {
  /**
   * Told once of each cookie that was sent and did not open: broken, forged, of a retired secret,
   * past its time, or there twice.
   */
  onUnreadable(cookie: CookieName): void;
  /** The `Cookie` header; left out, that of the request that Next is about to answer. */
  readHeader?(): Promise<string>;
}

/** @returns what makes the cookies of a request. */
export function createCookies(options: CookieOptions): (request: CookieRequest) => LoginCookies {
  const { isSecure, secrets } = options;
  const kind = <T>(name: CookieName, schema: z.ZodType<T>, ttlSeconds: number) => ({
    name: `${isSecure ? '__Host-' : ''}call-login-${name}`,
    ttlSeconds,
    sealer: createSealer({ purpose: `${name} cookie`, schema, ttlSeconds, secrets }),
  });
  const attempt = kind('attempt', attemptCookieSchema, options.attemptTtlSeconds);
  const session = kind('session', sessionCookieSchema, options.sessionTtlSeconds);
  const number = kind('number', numberCookieSchema, NUMBER_TTL_SECONDS);
  const form = kind('form', formCookieSchema, FORM_TTL_SECONDS);
  return ({ onUnreadable, readHeader: readFrom = readHeaderFromNext }) => {
    const written: CookieParts['written'] = new Map();
    let header: Promise<string> | undefined;
    const readHeader = async () => {
      header ??= readFrom();
      return await header;
    };
    const of = (cookie: CookieName) => ({
      readHeader,
      written,
      onUnreadable: () => onUnreadable(cookie),
    });
    return {
      attempt: sealedCookie(attempt, of('attempt')),
      session: sealedCookie(session, of('session')),
      number: sealedCookie(number, of('number')),
      form: sealedCookie(form, of('form')),
      async send() {
        if (written.size === 0) {
          return;
        }
        const jar = await cookies();
        for (const [name, { value, maxAge }] of written) {
          jar.set(name, value, {
            httpOnly: true,
            secure: isSecure,
            sameSite: 'lax',
            path: '/',
            maxAge,
          });
        }
      },
    };
  };
}

async function readHeaderFromNext(): Promise<string> {
  return (await headers()).get('cookie') ?? '';
}

/** What the cookies of one request share, and whom one of them tells that it did not open. */
interface CookieParts {
  /** The `Cookie` header, read once. */
  readHeader(): Promise<string>;
  /** By name, what the answer is to set; the last word counts. */
  written: Map<string, { value: string; maxAge: number }>;
  onUnreadable(): void;
}

/** Clears every cookie of ours that the request carries and that nothing of ours can open. */
export async function clearUnreadable(cookies: LoginCookies): Promise<void> {
  const { attempt, session, number, form } = cookies;
  const all = [attempt, session, number, form];
  await Promise.all(all.map((cookie) => cookie.clearIfUnreadable()));
}

function sealedCookie<T>(
  cookie: { name: string; ttlSeconds: number; sealer: Sealer<T> },
  { readHeader, written, onUnreadable }: CookieParts,
): SealedCookie<T> {
  const { name, ttlSeconds, sealer } = cookie;
  /** Opened at the first look and once: every request has cookies of its own. */
  let carried: Promise<Carried<T>> | undefined;
  const open = async (): Promise<Carried<T>> => {
    const values = cookieValues(await readHeader(), name);
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
  const look = async () => {
    carried ??= open();
    return await carried;
  };
  const clear = () => void written.set(name, { value: '', maxAge: 0 });
  return {
    clear,
    async read() {
      const found = await look();
      return found.kind === 'sealed' ? found.unsealed.value : null;
    },
    async write(value) {
      written.set(name, { value: await sealer.seal(value), maxAge: ttlSeconds });
    },
    async clearIfUnreadable() {
      if ((await look()).kind === 'unreadable') {
        clear();
      }
    },
    async isOld() {
      const found = await look();
      return found.kind === 'sealed' && found.unsealed.isOld;
    },
    async reseal() {
      const found = await look();
      const resealed = found.kind === 'sealed' ? await sealer.reseal(found.unsealed) : null;
      if (resealed !== null && !written.has(name)) {
        written.set(name, { value: resealed.seal, maxAge: resealed.leftSeconds });
      }
    },
  };
}

/** What a request carries under the name of a cookie. */
type Carried<T> = { kind: 'none' | 'unreadable' } | { kind: 'sealed'; unsealed: Unsealed<T> };
