import { handleCallback } from '#lib/login/callback.ts';
import { createLog } from '#lib/observe/log.ts';
import { addPasskey, offerPasskey } from '#lib/passkeys/add.ts';
import { createUseChallenge } from '#lib/passkeys/challenge.ts';
import type { PasskeyDependencies } from '#lib/passkeys/dependencies.ts';
import { removeOwnPasskey } from '#lib/passkeys/manage.ts';
import { confirmWithPasskey, logInWithPasskey } from '#lib/passkeys/use.ts';
import { readLimitedUntil } from '#lib/sessions/limited.ts';
import {
  closeSession,
  type LoggedIn,
  openSession,
  type SessionDependencies,
} from '#lib/sessions/open.ts';
import { endOtherSession, endOtherSessions, findNotices } from '#lib/sessions/other-sessions.ts';
import { findPasskeys } from '#lib/store/passkeys.ts';
import type { Store } from '#lib/store/schema.ts';
import { TestPasskey } from '#tests/support/authenticator.ts';
import * as browsers from '../attempt/browser.ts';
import { Lock } from '../attempt/gated-store.ts';
import { people } from '../attempt/observation.ts';
import { type Process, startProcess } from '../attempt/process.ts';
import { createSimulatedNotifications } from '../attempt/simulated-notifications.ts';
import { openDirectVendor, type Vendor } from '../attempt/vendor.ts';
import type { Seen } from './model.ts';
import { BROWSERS, type Step } from './steps.ts';

const ORIGIN = 'https://login.example';
const CLIENT = { device: 'Safari · iOS', network: '192.0.2.0/24' };
const DAY_MS = 86_400_000;

/** Browsers, authenticators, phones and the vendor around the code of the logins, on one database. */
export class Site {
  readonly #vendor: Vendor = openDirectVendor(async () => {});
  readonly #process: Process;
  readonly #sessions: SessionDependencies;
  readonly #deps: PasskeyDependencies;
  readonly #held: (string | null)[] = Array.from({ length: BROWSERS }, () => null);
  readonly #passkeys: TestPasskey[] = [];
  #callbackToken = '';
  #now: number;

  constructor(store: Store, now: number) {
    this.#now = now;
    const clock = { now: () => this.#now, elapsed: () => this.#now };
    const log = createLog({ write: () => {} });
    this.#process = startProcess({
      store,
      lock: new Lock(),
      barrier: async () => {},
      clock,
      pauth: {
        checkSession: (id) => this.#vendor.client.checkSession(id),
        createSession: async (phoneNumber, callbackUrl) => {
          this.#callbackToken = callbackUrl.pathname.split('/').at(-1) ?? '';
          return await this.#vendor.client.createSession(phoneNumber, callbackUrl);
        },
      },
      notifications: createSimulatedNotifications({
        barrier: async () => {},
        advance: async () => {},
      }),
    });
    this.#sessions = { store, clock, log, idleMs: 30 * DAY_MS, usesPasskeys: true };
    const site = { origin: ORIGIN, rpId: 'login.example', name: 'Example' };
    this.#deps = { store, clock, log, site, sessionTtlMs: 7 * DAY_MS };
  }

  /** Performs a step. @returns whether it succeeded; for several answers, whether each did. */
  async perform(step: Step): Promise<boolean[]> {
    switch (step.kind) {
      case 'call':
        return [await this.#call(step)];
      case 'enrol':
        return await this.#enrol(step);
      case 'log_in':
        return await this.#logIn(step);
      case 'confirm':
        return await this.#confirm(step);
      case 'remove':
        return [await this.#remove(step)];
      case 'end_session': {
        const [own, other] = [await this.#open(step.browser), await this.#open(step.of)];
        if (own === null || other === null) {
          return [false];
        }
        return [(await endOtherSession(this.#sessions, own, other.session.public_id)).ok];
      }
      case 'end_others': {
        const own = await this.#open(step.browser);
        return [own !== null && (await endOtherSessions(this.#sessions, own)).ok];
      }
      case 'log_out': {
        const own = await this.#open(step.browser);
        this.#held[step.browser] = null;
        if (own !== null) {
          await closeSession(this.#sessions, own);
        }
        return [own !== null];
      }
      case 'copy_cookie':
        this.#held[step.to] = this.#held[step.from] ?? null;
        return [];
      case 'advance':
        await this.#advance(step.ms);
        return [];
      case 'vendor':
        await this.#vendor.setTrouble(step.isDown ? 'error' : 'none');
        return [];
    }
  }

  /** What a browser sees on its account page. */
  async look(browser: number): Promise<Seen | null> {
    const loggedIn = await this.#open(browser);
    if (loggedIn === null) {
      return null;
    }
    const { user, session } = loggedIn;
    const notices = await findNotices(this.#sessions, loggedIn);
    return {
      person: people.indexOf(user.phone_number),
      isLimited: (await readLimitedUntil(this.#sessions, loggedIn)) !== null,
      passkeyUsedAt: session.passkey_used_at,
      passkeys: (await findPasskeys(this.#deps.store, user.id)).length,
      newPasskeys: notices.filter(({ kind }) => kind === 'passkey_added').length,
      callsAlone: notices.filter(({ kind }) => kind === 'call_alone').length,
    };
  }

  /** Whose account a browser is in; null when it is logged out. */
  async accountOf(browser: number): Promise<string | null> {
    return (await this.#open(browser))?.user.id ?? null;
  }

  async #call({ browser, person }: Step & { kind: 'call' }): Promise<boolean> {
    const phoneNumber = people[person];
    if (phoneNumber === undefined) {
      throw new Error(`there is no person ${person}`);
    }
    const { outcome, cookies } = await browsers.start(
      this.#process,
      browsers.noCookies,
      phoneNumber,
    );
    if (!outcome.ok) {
      return false;
    }
    await this.#vendor.call(phoneNumber, outcome.value.call_number);
    await handleCallback(this.#process.login, this.#callbackToken);
    const polled = await browsers.poll(this.#process, cookies, { holdMs: 0, isPrompted: false });
    if (polled?.outcome.status !== 'completed') {
      throw new Error(`a call did not log in: ${polled?.outcome.status}`);
    }
    this.#held[browser] = polled.outcome.sessionToken;
    return true;
  }

  async #enrol(step: Step & { kind: 'enrol' }): Promise<boolean[]> {
    const asking = await this.#open(step.browser);
    const offered =
      asking === null ? null : await offerPasskey(this.#deps, asking, '090-••••-0000');
    await this.#advance(step.pauseMs);
    const passkey = new TestPasskey(ORIGIN);
    return await answers(step.times, async () => {
      const loggedIn = await this.#open(step.answeredIn);
      if (!offered?.ok || loggedIn === null) {
        return false;
      }
      const { challenge, reply } = offered.value;
      const made = passkey.create(reply);
      const added = await addPasskey(this.#deps, loggedIn, challenge, made, CLIENT);
      if (added.ok) {
        this.#passkeys.push(passkey);
        this.#held[step.answeredIn] = added.value;
      }
      return added.ok;
    });
  }

  async #logIn(step: Step & { kind: 'log_in' }): Promise<boolean[]> {
    const challenge = createUseChallenge(this.#now);
    await this.#advance(step.pauseMs);
    const passkey = this.#passkeys[step.passkey];
    return await answers(step.times, async () => {
      if (passkey === undefined) {
        return false;
      }
      const use = passkey.use(challenge);
      const loggedIn = await logInWithPasskey(this.#deps, challenge, use, CLIENT);
      if (loggedIn.ok) {
        this.#held[step.browser] = loggedIn.value;
      }
      return loggedIn.ok;
    });
  }

  async #confirm(step: Step & { kind: 'confirm' }): Promise<boolean[]> {
    const challenge = createUseChallenge(this.#now);
    await this.#advance(step.pauseMs);
    const passkey = this.#passkeys[step.passkey];
    return await answers(step.times, async () => {
      const loggedIn = await this.#open(step.browser);
      if (passkey === undefined || loggedIn === null) {
        return false;
      }
      const use = passkey.use(challenge);
      const confirmed = await confirmWithPasskey(this.#deps, loggedIn, challenge, use);
      if (confirmed.ok) {
        this.#held[step.browser] = confirmed.value;
      }
      return confirmed.ok;
    });
  }

  async #remove(step: Step & { kind: 'remove' }): Promise<boolean> {
    const loggedIn = await this.#open(step.browser);
    const passkey = this.#passkeys[step.passkey];
    if (loggedIn === null || passkey === undefined) {
      return false;
    }
    const rows = await this.#deps.store
      .selectFrom('passkeys')
      .select('id')
      .where('credential_id', '=', passkey.id)
      .execute();
    return (await removeOwnPasskey(this.#deps, loggedIn, rows[0]?.id ?? 'none')).ok;
  }

  async #open(browser: number): Promise<LoggedIn | null> {
    const token = this.#held[browser] ?? null;
    return token === null ? null : await openSession(this.#sessions, token);
  }

  async #advance(ms: number): Promise<void> {
    this.#now += ms;
    await this.#vendor.advance(ms / 1_000);
  }
}

async function answers(times: number, answer: () => Promise<boolean>): Promise<boolean[]> {
  const all: boolean[] = [];
  while (all.length < times) {
    all.push(await answer());
  }
  return all;
}
