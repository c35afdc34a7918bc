import { randomInt } from 'node:crypto';
import { PROMPTED_HEADER } from '#lib/shared/prompted-header.ts';

/** User-Agent strings of browsers. */
export const userAgents = {
  chromeOnWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  safariOnIphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  firefoxOnAndroid: 'Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0',
};

/** What a visitor asked for, and the answer. */
export interface Answer {
  method: string;
  path: string;
  response: Response;
}

/** An HTTP client that behaves like a browser: it stores cookies and sends Fetch Metadata. */
export class Visitor {
  readonly origin: string;
  readonly #cookies = new Map<string, string>();
  /** Its address, as the trusted proxy reports it. */
  network = randomNetwork();
  /** Its User-Agent. */
  userAgent = userAgents.chromeOnWindows;

  /** Told of every answer. */
  readonly #onAnswer: ((answer: Answer) => Promise<void>) | undefined;

  constructor(origin: string, onAnswer?: (answer: Answer) => Promise<void>) {
    this.origin = origin;
    this.#onAnswer = onAnswer;
  }

  /** Sends a request as a script of our own page would, and stores the answer's cookies. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      'x-forwarded-for': this.network,
      'user-agent': this.userAgent,
    });
    if (this.#cookies.size > 0) {
      headers.set('cookie', this.cookieHeader());
    }
    for (const [name, value] of new Headers(init.headers)) {
      headers.set(name, value);
    }
    const response = await fetch(this.origin + path, { redirect: 'manual', ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      this.#store(cookie);
    }
    await this.#onAnswer?.({ method: init.method ?? 'GET', path, response: response.clone() });
    return response;
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return await this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async start(phoneNumberInput: string): Promise<Response> {
    return await this.post('/api/auth/start', { phone_number: phoneNumberInput });
  }

  async status(headers: Record<string, string> = {}): Promise<Response> {
    return await this.fetch('/api/auth/status', { headers });
  }

  /** Polls as the page does when the person says that they have called, which schedules a check. */
  async statusPrompted(): Promise<Response> {
    return await this.status({ [PROMPTED_HEADER]: '1' });
  }

  cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  /**
   * Another browser with a copy of this one's cookies.
   *
   * @param origin the server that it uses; another one of the same site if given.
   */
  clone(origin = this.origin): Visitor {
    const clone = new Visitor(origin, this.#onAnswer);
    clone.network = this.network;
    clone.userAgent = this.userAgent;
    for (const [name, value] of this.#cookies) {
      clone.#cookies.set(name, value);
    }
    return clone;
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  #store(setCookie: string): void {
    const [pair = ''] = setCookie.split(';');
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    if (/max-age=0/i.test(setCookie)) {
      this.#cookies.delete(name);
    } else {
      this.#cookies.set(name, pair.slice(separator + 1));
    }
  }
}

/** A random address in 10.0.0.0/8. */
export function randomNetwork(): string {
  return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** A Japanese mobile number that no other test is likely to use. */
export function randomPhoneNumber(): string {
  return `+8180${randomInt(10_000_000, 99_999_999)}`;
}
