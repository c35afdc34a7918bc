import type { Browser, StartedAttempt } from '#lib/login/browsers.ts';
import { createCallbackReach } from '#lib/login/callback-reach.ts';
import type { LoginDependencies, LoginRules } from '#lib/login/dependencies.ts';
import { untilAnswered } from '#lib/login/held-poll.ts';
import { type PollOutcome, pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import { createAttemptNotifications } from '#lib/notify/attempt-notifications.ts';
import type { Clock } from '#lib/shared/clock.ts';
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import type { StorePlace } from '#lib/store/open.ts';
import type { ClientInfo, LoginAttempt, Store } from '#lib/store/schema.ts';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';
import type { Sandbox } from '#sandbox/server.ts';
import { freshPhoneNumber } from '#sandbox/vendor-requests.ts';
import { ATTEMPT_TTL_MS, createLoginDependencies, TEST_RULES } from './process-dependencies.ts';
import { provideTestDatabase, type TestDatabase } from './stores.ts';

/** A clock that advances only when a test says so. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function createTestClock(): TestClock {
  let now = Date.parse('2026-11-01T00:00:00Z');
  let elapsed = 0;
  return {
    now: () => now,
    elapsed: () => elapsed,
    advance(ms) {
      now += ms;
      elapsed += Math.max(0, ms);
    },
  };
}

/** A phone number that no other test of the file uses. */
export function newPhoneNumber(): PhoneNumber {
  return phoneNumberSchema.parse(freshPhoneNumber());
}

/** The login functions with a database of their own and a sandbox as the vendor. */
export interface TestLogin {
  deps: LoginDependencies;
  store: Store;
  /** Where another process can open the store. */
  place: StorePlace;
  clock: TestClock;
  control: ControlClient;
  /** The number that logs in by default. */
  phoneNumber: PhoneNumber;
  /** A browser without an attempt. */
  newBrowser: Browser;
  /** What was logged, as JSON lines. */
  logged(): string;
  /** Starts an attempt from a browser named by the test. @throws when it does not start. */
  start(browserName?: string, phoneNumber?: PhoneNumber): Promise<StartedAttempt>;
  poll(started: StartedAttempt, holdMs?: number, signal?: AbortSignal): Promise<PollOutcome>;
  /** Places the call that verifies an attempt. */
  call(started: StartedAttempt): Promise<void>;
  /** The token in the callback address that was sent to the vendor for an attempt. */
  callbackTokenOf(started: StartedAttempt): Promise<string>;
  /** The number of vendor requests about the phone number. */
  countRequests(kind: 'create' | 'check', phoneNumber?: PhoneNumber): Promise<number>;
  /** The row of an attempt. */
  stored(started: StartedAttempt): Promise<LoginAttempt>;
  /** The types of the events so far, oldest first; of one attempt when it is given. */
  eventTypes(started?: StartedAttempt): Promise<string[]>;
  countSessions(): Promise<number>;
  /**
   * The dependencies another process would have: its own notifications and callback reach on the same
   * database (on SQLite the same connection). `startOtherProcess` starts a real process.
   */
  otherProcess(): LoginDependencies;
}

/** From a block reserved for documentation (RFC 5737). */
export const TEST_NETWORK = '192.0.2.1';

/** The client that polls by default. */
export const TEST_CLIENT: ClientInfo = {
  device: 'Safari · iOS',
  network: '192.0.2.0/24',
};

export { ATTEMPT_TTL_MS };
export const FIRST_CHECK_MS = 2_000;

export async function openLogin(
  sandbox: Sandbox,
  options: { rules?: Partial<LoginRules>; clock?: Clock; database?: TestDatabase } = {},
): Promise<TestLogin> {
  const database = options.database ?? (await provideTestDatabase());
  const store = database.open();

  const clock = createTestClock();
  const control = createControlClient(sandbox.url);
  const lines: string[] = [];
  const deps = createLoginDependencies({
    store,
    clock: options.clock ?? clock,
    sandboxUrl: sandbox.url,
    rules: { ...TEST_RULES, ...options.rules },
    writeLog: (line) => void lines.push(line),
  });
  const ownPhoneNumber = newPhoneNumber();
  const browserTokens = new Map<string, string>();

  return {
    deps,
    store,
    place: database.place,
    clock,
    control,
    phoneNumber: ownPhoneNumber,
    newBrowser: { network: TEST_NETWORK },
    logged: () => lines.join(''),

    async start(browserName = 'mine', phoneNumber = ownPhoneNumber) {
      const started = await startAttempt(deps, phoneNumber, {
        browserToken: browserTokens.get(browserName),
        network: TEST_NETWORK,
      });
      if (!started.ok) {
        throw new Error(`the attempt did not start: ${started.error.code}`);
      }
      browserTokens.set(browserName, started.value.browserToken);
      return started.value;
    },

    poll(started, holdMs = 0, signal) {
      const poll = {
        holdMs,
        isPrompted: false,
        client: { info: TEST_CLIENT },
      };
      return untilAnswered((held) => pollAttempt(deps, started.attemptToken, poll, held), signal);
    },

    async call({ attempt }) {
      await control.call(attempt.phone_number, attempt.call_number);
    },

    async callbackTokenOf({ attempt }) {
      const sessions = await control.sessions(attempt.phone_number);
      const session = sessions.find(({ id }) => id === attempt.pauth_session_id);
      const token = session?.callback_url.split('/').at(-1);
      if (token === undefined) {
        throw new Error('the vendor knows no callback address of this attempt');
      }
      return token;
    },

    async countRequests(kind, phoneNumber = ownPhoneNumber) {
      const requests = await control.requests(phoneNumber);
      return requests.filter((request) => request.kind === kind).length;
    },

    stored: ({ attempt }) =>
      store
        .selectFrom('attempts')
        .selectAll()
        .where('id', '=', attempt.id)
        .executeTakeFirstOrThrow(),

    async eventTypes(started) {
      const events = await store.selectFrom('events').selectAll().orderBy('id').execute();
      return events
        .filter((event) => started === undefined || event.attempt_id === started.attempt.id)
        .map((event) => event.type);
    },

    otherProcess: () => ({
      ...deps,
      store: database.open(),
      notifications: createAttemptNotifications(),
      callbackReach: createCallbackReach(deps.clock),
    }),

    async countSessions() {
      const sessions = await store.selectFrom('sessions').selectAll().execute();
      return sessions.length;
    },
  };
}
