const MAX_ENTRIES = 100_000;

/** One request to the vendor's API. What is not known of it is null. */
export type LoggedRequest = {
  readonly method: string;
  readonly path: string;
  kind: 'create' | 'check' | 'other';
  readonly authorized: boolean;
  /** The status answered; null while it is being answered and when it never was. */
  status: number | null;
  /** Milliseconds since 1970 on the machine's clock, not the sandbox's. */
  readonly at: number;
  phoneNumber: string | null;
  sessionId: string | null;
  /** The parsed body of a create. */
  body: unknown;
};

/** Every request to the vendor's API, oldest first; the oldest are dropped when it is full. */
export class RequestLog {
  readonly #requests: LoggedRequest[] = [];

  open(request: { method: string; path: string; authorized: boolean }): LoggedRequest {
    const logged: LoggedRequest = {
      ...request,
      kind: 'other',
      status: null,
      at: Date.now(),
      phoneNumber: null,
      sessionId: null,
      body: null,
    };
    this.#requests.push(logged);
    if (this.#requests.length > MAX_ENTRIES) this.#requests.shift();
    return logged;
  }

  list(phoneNumber?: string): LoggedRequest[] {
    return this.#requests.filter(
      (request) => phoneNumber === undefined || request.phoneNumber === phoneNumber,
    );
  }

  clear(): void {
    this.#requests.length = 0;
  }
}
