import { createStartLimits } from '#lib/limits/start-limits.ts';
import { createCallbackReach } from '#lib/login/callback-reach.ts';
import type { LoginDependencies, LoginRules } from '#lib/login/dependencies.ts';
import { createAttemptNotifications } from '#lib/notify/attempt-notifications.ts';
import { createLog } from '#lib/observe/log.ts';
import { createThrottledLog } from '#lib/observe/throttled-log.ts';
import { createPauthClient } from '#lib/pauth/client.ts';
import type { Clock } from '#lib/shared/clock.ts';
import type { Store } from '#lib/store/schema.ts';

export const ATTEMPT_TTL_MS = 300_000;

/** The default rules of tests. */
export const TEST_RULES: LoginRules = {
  attemptTtlMs: ATTEMPT_TTL_MS,
  pollLimit: 30,
  sessionTtlMs: 604_800_000,
  dormantMs: 365 * 86_400_000,
  pauthTimeoutMs: 1_000,
  signup: 'open',
  callbackBase: new URL('https://login.example/api/auth/callback/'),
  handoffBase: new URL('https://login.example/call/'),
};

/** The login dependencies of one process, with a sandbox as the vendor. */
export function createLoginDependencies(options: {
  store: Store;
  clock: Clock;
  sandboxUrl: string;
  rules: LoginRules;
  writeLog(line: string): void;
}): LoginDependencies {
  const { store, clock, sandboxUrl, rules, writeLog } = options;
  return {
    store,
    clock,
    notifications: createAttemptNotifications(),
    callbackReach: createCallbackReach(clock),
    onFirstLogin: async () => {},
    // High enough never to be reached: the limits have their own tests.
    startLimits: createStartLimits(
      { perNumber: [], perNetwork: [], total: [{ count: 100_000, seconds: 3_600 }] },
      { store, clock },
    ),
    log: createLog({ write: writeLog }),
    throttledLog: createThrottledLog(clock),
    tagPhoneNumber: () => 'tagged',
    pauth: {
      ...createPauthClient({
        baseUrl: new URL(sandboxUrl),
        apiKey: 'sandbox-key',
        timeoutMs: rules.pauthTimeoutMs,
        country: 'JP',
      }),
      // Without a circuit breaker, which has its own tests.
      pausedForMs: () => 0,
    },
    rules,
  };
}
