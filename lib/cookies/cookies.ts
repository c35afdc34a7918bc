import 'server-only';
import * as z from 'zod';
import { phoneNumberSchema } from '../shared/contract.ts';
import { errorCodes } from '../shared/error-codes.ts';
import { numberMemories } from '../shared/number-memory.ts';
import { cookieValues, onlyValue } from './cookie-values.ts';
import { createSealer, type Sealer } from './seal.ts';

const attemptCookieSchema = z.strictObject({
  /** Identifies the browser at its next start; kept when the attempt has ended. */
  browserToken: z.string(),
  /** Opens the attempt; removed when it has ended without a login. */
  attemptToken: z.optional(z.string()),
  /** Whether this browser remembers the attempt's number; shown masked if it does. */
  number: z.optional(z.enum(numberMemories)),
});

export type AttemptCookie = z.infer<typeof attemptCookieSchema>;

/** Everything else about a session is in the store. */
const sessionCookieSchema = z.strictObject({ sessionToken: z.string() });

/** A number that its owner has asked to remember. Gives no access to anything. */
const numberCookieSchema = z.strictObject({ phoneNumber: phoneNumberSchema });

/** The outcome of a form sent without scripts, for the next page. */
const formCookieSchema = z.strictObject({
  phoneNumberInput: z.string(),
  country: z.optional(z.string()),
  problem: z.nullable(
    z.strictObject({
      code: z.enum(errorCodes),
      country: z.optional(z.string()),
      retry_after_seconds: z.optional(z.number()),
    }),
  ),
});

/** A challenge that an authenticator is to sign: see `lib/passkeys/challenge.ts`. */
const challengeCookieSchema = z.discriminatedUnion('use', [
  z.strictObject({ use: z.literal('get'), challenge: z.string(), issuedAt: z.number() }),
  z.strictObject({
    use: z.literal('create'),
    challenge: z.string(),
    issuedAt: z.number(),
    userId: z.string(),
    webauthnUserId: z.string(),
  }),
]);

/** As long as a challenge may be answered. */
const CHALLENGE_TTL_SECONDS = 5 * 60;

/** How long a number is remembered after the last login with it. */
const NUMBER_TTL_SECONDS = 180 * 24 * 60 * 60;

/** Long enough for one page to load. */
const FORM_TTL_SECONDS = 60;

/** A sealed cookie of one request. Changes are sent with the response. */
interface SealedCookie<T> {
  /** The cookie's value; null if the request carries none that we sealed. */
  read(): Promise<T | null>;
  write(value: T): void;
  clear(): void;
  /** Whether the cookie is valid but sealed with an older secret. */
  isOld(): Promise<boolean>;
  /**
   * Seals the cookie with the newest secret for the rest of its lifetime, unless it is written or cleared
   * in this request.
   */
  reseal(): Promise<void>;
}

export type CookieName = 'attempt' | 'session' | 'number' | 'form' | 'challenge';

/** The cookies of one request. */
export interface RequestCookies {
  attempt: SealedCookie<AttemptCookie>;
  session: SealedCookie<z.infer<typeof sessionCookieSchema>>;
  number: SealedCookie<z.infer<typeof numberCookieSchema>>;
  form: SealedCookie<z.infer<typeof formCookieSchema>>;
  challenge: SealedCookie<z.infer<typeof challengeCookieSchema>>;
  /** Clears each cookie that the request carries and that cannot be unsealed. */
  clearUnreadable(): Promise<void>;
  /** The `Set-Cookie` headers of the response. */
  toSend(): string[];
}

interface CookieOptions {
  /** Served over HTTPS, so the cookies are bound to this host and to secure connections. */
  isSecure: boolean;
  secrets: readonly [string, ...string[]];
  attemptTtlSeconds: number;
  sessionTtlSeconds: number;
}

/**
 * Opens the cookies of one request.
 *
 * @param header its `Cookie` header.
 * @param onUnreadable called once for each cookie that cannot be unsealed: broken, forged, expired, sealed
 * with a retired secret, or sent twice.
 */
export type OpenCookies = (
  header: string,
  onUnreadable: (cookie: CookieName) => void,
) => RequestCookies;

/** The name under which a browser keeps a cookie: bound to the host where the site is secure. */
export function nameOfCookie(cookie: CookieName, isSecure: boolean): string {
  return `${isSecure ? '__Host-' : ''}call-login-${cookie}`;
}

export function createCookies(options: CookieOptions): OpenCookies {
  const { isSecure, secrets } = options;
  const kind = <T>(cookie: CookieName, schema: z.ZodType<T>, ttlSeconds: number) => ({
    cookie,
    name: nameOfCookie(cookie, isSecure),
    ttlSeconds,
    sealer: createSealer({ purpose: `${cookie} cookie`, schema, ttlSeconds, secrets }),
  });
  const attempt = kind('attempt', attemptCookieSchema, options.attemptTtlSeconds);
  const session = kind('session', sessionCookieSchema, options.sessionTtlSeconds);
  const number = kind('number', numberCookieSchema, NUMBER_TTL_SECONDS);
  const form = kind('form', formCookieSchema, FORM_TTL_SECONDS);
  const challenge = kind('challenge', challengeCookieSchema, CHALLENGE_TTL_SECONDS);
  return (header, onUnreadable) => {
    const written: Written = new Map();
    const request = { header, written, onUnreadable };
    const cookies = {
      attempt: new RequestCookie(attempt, request),
      session: new RequestCookie(session, request),
      number: new RequestCookie(number, request),
      form: new RequestCookie(form, request),
      challenge: new RequestCookie(challenge, request),
    };
    return {
      ...cookies,
      async clearUnreadable() {
        for (const cookie of Object.values(cookies).filter((each) => each.isSent())) {
          await cookie.clearIfUnreadable();
        }
      },
      toSend: () =>
        [...written].map(([name, { value, maxAge }]) =>
          serializeCookie(name, value, maxAge, isSecure),
        ),
    };
  };
}

/**
 * A `Set-Cookie` header (RFC 6265bis) for the whole site, inaccessible to scripts and not sent with
 * requests that other sites make.
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
  cookie: CookieName;
  name: string;
  ttlSeconds: number;
  sealer: Sealer<T>;
}

/** The cookies to set, by name. The last write wins. */
type Written = Map<string, { value: string; maxAge: number }>;

/** What the cookies of one request share. */
interface CookieRequest {
  header: string;
  written: Written;
  onUnreadable(cookie: CookieName): void;
}

interface Opened<T> {
  unsealed: Awaited<ReturnType<Sealer<T>['unseal']>>;
  isUnreadable: boolean;
}

/** A class, because each request makes one: the functions alone took two kilobytes (heap snapshot). */
class RequestCookie<T> implements SealedCookie<T> {
  readonly #kind: CookieKind<T>;
  readonly #request: CookieRequest;
  #opened: Promise<Opened<T>> | undefined;

  constructor(kind: CookieKind<T>, request: CookieRequest) {
    this.#kind = kind;
    this.#request = request;
  }

  async #open(): Promise<Opened<T>> {
    const { cookie, name, sealer } = this.#kind;
    const values = cookieValues(this.#request.header, name);
    const seal = onlyValue(values);
    const unsealed = seal === null ? null : await sealer.unseal(seal);
    const isUnreadable = values.length > 0 && unsealed === null;
    if (isUnreadable) {
      this.#request.onUnreadable(cookie);
    }
    return { unsealed, isUnreadable };
  }

  #openOnce() {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  clear() {
    this.#request.written.set(this.#kind.name, { value: '', maxAge: 0 });
  }

  async read() {
    const { unsealed } = await this.#openOnce();
    return unsealed === null ? null : unsealed.value;
  }

  write(value: T) {
    const { name, sealer, ttlSeconds } = this.#kind;
    this.#request.written.set(name, { value: sealer.seal(value), maxAge: ttlSeconds });
  }

  /** Whether the request may carry it: its name is in the header. */
  isSent() {
    return this.#request.header.includes(this.#kind.name);
  }

  async clearIfUnreadable() {
    if ((await this.#openOnce()).isUnreadable) {
      this.clear();
    }
  }

  async isOld() {
    return (await this.#openOnce()).unsealed?.isOld === true;
  }

  async reseal() {
    const { name, sealer } = this.#kind;
    const { unsealed } = await this.#openOnce();
    const resealed = unsealed === null ? null : sealer.reseal(unsealed);
    if (resealed !== null && !this.#request.written.has(name)) {
      this.#request.written.set(name, { value: resealed.seal, maxAge: resealed.leftSeconds });
    }
  }
}
