const MAX_ENTRIES = 100_000;

/** One request to the vendor API. Null means unknown. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorized: boolean;
  /** Milliseconds since 1970 on the machine's clock, not the sandbox's. */
  readonly at: number;
  kind: 'create' | 'check' | 'other';
  /** The status of the answer; null until it is sent, and if the connection closed first. */
  status: number | null;
  phoneNumber: string | null;
  sessionId: string | null;
  /** The parsed body of a create. */
  body: unknown;
}

/** The requests to the vendor API, oldest first. Keeps the newest 100,000. */
export interface RequestLog {
  /** Adds a request. The caller completes the returned entry as it learns more. */
  open(request: Pick<LoggedRequest, 'method' | 'path' | 'authorized'>): LoggedRequest;
  /** All requests, or those about one phone number. */
  list(phoneNumber?: string): readonly LoggedRequest[];
  clear(): void;
}

/** Creates an empty log. */
export function createRequestLog(): RequestLog {
  const requests: LoggedRequest[] = [];

  return {
    open(request) {
      const logged: LoggedRequest = {
        ...request,
        at: Date.now(),
        kind: 'other',
        status: null,
        phoneNumber: null,
        sessionId: null,
        body: null,
      };
      requests.push(logged);
      if (requests.length > MAX_ENTRIES) {
        requests.shift();
      }
      return logged;
    },

    list: (phoneNumber) =>
      requests.filter(
        (request) => phoneNumber === undefined || request.phoneNumber === phoneNumber,
      ),

    clear() {
      requests.length = 0;
    },
  };
}
