import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';

/** Enough source addresses that no run uses up the ports of one. */
const SOURCE_ADDRESSES = 64;

/** The headers of every request of a page. */
export const browserHeaders = {
  accept: '*/*',
  'accept-language': 'ja,en;q=0.8',
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
  'sec-fetch-site': 'same-origin',
  'user-agent':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'x-requested-with': 'fetch',
};

export interface Answer {
  status: number;
  /** Parsed JSON; null if the body is none. */
  body: unknown;
}

/** A browser reduced to HTTP: a connection of its own, cookies, and the headers of a page's script. */
export class Browser {
  readonly #origins: readonly [string, ...string[]];
  readonly #cookies = new Map<string, string>();
  readonly #network: string;
  readonly #agent: Agent;
  /** How many requests it has sent. */
  requests = 0;
  /** How many of its requests were refused with a retry time. */
  refused = 0;

  /** @param number determines its source address and client network. */
  constructor(origins: readonly [string, ...string[]], number: number) {
    this.#origins = origins;
    this.#network = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      localAddress: `127.0.1.${(number % SOURCE_ADDRESSES) + 1}`,
    });
  }

  /** Sends a request as a script of the page would. @throws if there is no answer. */
  async send(
    method: 'GET' | 'POST',
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const origin = this.#origins[this.requests % this.#origins.length] ?? this.#origins[0];
    this.requests += 1;
    const payload = options.body === undefined ? null : JSON.stringify(options.body);
    const cookie = this.cookieHeader();
    return await new Promise((resolve, reject) => {
      const request = httpRequest(
        origin + path,
        {
          method,
          agent: this.#agent,
          headers: {
            ...browserHeaders,
            ...options.headers,
            'x-forwarded-for': this.#network,
            ...(cookie === '' ? {} : { cookie }),
            ...(payload === null
              ? {}
              : {
                  'content-type': 'application/json',
                  'content-length': Buffer.byteLength(payload),
                }),
          },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (response) => {
          this.#keepCookies(response);
          readJson(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, body }),
            reject,
          );
        },
      );
      request.once('error', reject);
      request.end(payload);
    });
  }

  cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  hasCookie(name: string): boolean {
    return [...this.#cookies.keys()].some((each) => each.endsWith(name));
  }

  /** Closes its connection. */
  close(): void {
    this.#agent.destroy();
  }

  #keepCookies(response: IncomingMessage): void {
    for (const cookie of response.headers['set-cookie'] ?? []) {
      const [pair = ''] = cookie.split(';');
      const separator = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, separator), pair.slice(separator + 1));
    }
  }
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
