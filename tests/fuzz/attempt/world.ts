import { handleCallback } from '#lib/login/callback.ts';
import type { PauthClient } from '#lib/pauth/client.ts';
import type { Store } from '#lib/store/schema.ts';
import * as browsers from './browser.ts';
import { type Barrier, Lock } from './gated-store.ts';
import { type Observation, people, type Screen } from './observation.ts';
import { type Process, startProcess } from './process.ts';
import { createSimulatedNotifications } from './simulated-notifications.ts';
import { BROWSERS, PROCESSES, type Step } from './steps.ts';
import type { Vendor } from './vendor.ts';

type Polled = Observation & { kind: 'polled' };

function isFinal({ outcome }: Polled): boolean {
  return outcome.status !== 'pending' && outcome.status !== 'trouble';
}

interface Browser {
  cookies: browsers.Cookies;
  screen: Screen | null;
  /** Its browser token before its latest attempt. */
  earlierToken: string | null;
  /** Whether it has polled the attempt it shows and received no end. */
  isWaiting: boolean;
}

/** An automatic poll that is not held. */
const NOT_HELD = { holdMs: 0, isPrompted: false };

/** The time at the start of every run, fixed so that runs can be repeated. */
const START_TIME = Date.parse('2026-11-01T00:00:00Z');

/** Simulates browsers, people with phones, the app's processes and the vendor, and reports observations. */
export class World {
  readonly #vendor: Vendor;
  readonly #stores: readonly Store[];
  readonly #barrier: Barrier;
  readonly #lock = new Lock();
  readonly #browsers: Browser[] = Array.from({ length: BROWSERS }, () => ({
    cookies: browsers.noCookies,
    screen: null,
    earlierToken: null,
    isWaiting: false,
  }));
  readonly #callbackTokens = new Map<string, string>();
  readonly #processes: { process: Process; kill: () => void; killed: Promise<null> }[];
  readonly #observe: (observation: Observation) => void;
  #now = START_TIME;

  constructor(deps: {
    vendor: Vendor;
    /** One for each process, on the same file. */
    stores: readonly Store[];
    barrier: Barrier;
    observe: (observation: Observation) => void;
  }) {
    this.#vendor = deps.vendor;
    this.#stores = deps.stores;
    this.#barrier = deps.barrier;
    this.#observe = deps.observe;
    this.#processes = Array.from({ length: PROCESSES }, (_, index) => this.#startProcess(index));
  }

  now(): number {
    return this.#now;
  }

  /** Performs one step and reports its observations. Errors are thrown. */
  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'start':
        return await this.#start(step);
      case 'poll':
        return this.#observeAll(await this.#poll(step.browser, step.process, step));
      case 'poll_in_parallel':
        return await this.#pollInParallel(step.browser, step.times);
      case 'cancel':
        return await this.#cancel(step);
      case 'call':
      case 'stray_call':
        return await this.#call(step);
      case 'callback':
        return await this.#sendCallback(step);
      case 'use_session':
        return await this.#openPage(step);
      case 'log_out':
        return await this.#logOut(step);
      case 'lose_answer':
        return await this.#loseAnswer(step);
      case 'copy_cookie':
        return this.#copyCookie(step);
      case 'advance':
        return await this.advance(step.seconds * 1_000);
      case 'trouble':
        await this.#vendor.setTrouble(step.trouble);
        return this.#observe({ kind: 'trouble', isOver: step.trouble === 'none' });
      case 'restart':
        return this.#restart(step.process);
    }
  }

  /** Advances the clocks of the app and the vendor. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    this.#observe({ kind: 'advanced', ms });
    await this.#vendor.advance(ms / 1_000);
  }

  async #start(step: Step & { kind: 'start' }): Promise<void> {
    const browser = this.#browser(step.browser);
    const phoneNumber = people[step.person];
    if (phoneNumber === undefined) {
      return;
    }
    const sent = browser.cookies;
    const presented = sent.attempt?.browserToken ?? null;
    const answered = await this.#on(step.process, (process) =>
      browsers.start(process, sent, phoneNumber),
    );
    if (answered === null) {
      return;
    }
    const { outcome } = answered;
    browser.cookies = browsers.keep(browser.cookies, sent, answered.cookies);
    if (!outcome.ok) {
      const { code } = outcome.error;
      return this.#observe({
        kind: 'not_started',
        browser: step.browser,
        presented,
        code,
      });
    }
    const { id, call_number, pauth_session_id, created_at, expires_at } = outcome.value;
    if (id !== browser.screen?.attemptId) {
      browser.earlierToken = presented;
      browser.isWaiting = false;
    }
    browser.screen = {
      attemptId: id,
      person: step.person,
      callNumber: call_number,
      vendorId: pauth_session_id ?? '',
      startedAt: created_at,
      expiresAt: expires_at,
    };
    this.#observe({
      kind: 'started',
      browser: step.browser,
      presented,
      issued: answered.cookies.attempt?.browserToken ?? '',
      screen: browser.screen,
    });
  }

  async #poll(
    index: number,
    process: number,
    poll: { holdMs: number; isPrompted: boolean },
    isLost = false,
  ): Promise<Polled[]> {
    const browser = this.#browser(index);
    const attemptId = browser.screen?.attemptId;
    const sent = browser.cookies;
    const answered = await this.#on(process, (on) => browsers.poll(on, sent, poll));
    if (answered === null || attemptId === undefined) {
      return [];
    }
    if (!isLost) {
      browser.cookies = browsers.keep(browser.cookies, sent, answered.cookies);
    }
    const polled: Polled = { kind: 'polled', attemptId, outcome: answered.outcome, isAlone: true };
    browser.isWaiting ||= browser.screen?.attemptId === attemptId && !isFinal(polled);
    return [polled];
  }

  async #pollInParallel(browser: number, times: number): Promise<void> {
    const answers = await Promise.all(
      Array.from({ length: times }, (_, index) => this.#poll(browser, index % PROCESSES, NOT_HELD)),
    );
    // The order of the answers is unknown, but none is pending after the end.
    this.#observeAll(
      answers
        .flat()
        .map((answer) => ({ ...answer, isAlone: false }))
        .sort((one, other) => Number(isFinal(one)) - Number(isFinal(other))),
    );
  }

  #observeAll(observations: readonly Observation[]): void {
    for (const observation of observations) {
      this.#observe(observation);
    }
  }

  async #cancel(step: Step & { kind: 'cancel' }): Promise<void> {
    const browser = this.#browser(step.browser);
    const { screen, cookies } = browser;
    const answered = await this.#on(step.process, (on) => browsers.cancel(on, cookies));
    if (answered !== null && screen !== null && cookies.attempt?.attemptToken !== undefined) {
      browser.cookies = browsers.keep(browser.cookies, cookies, answered.cookies);
      this.#observe({ kind: 'cancelled', browser: step.browser, attemptId: screen.attemptId });
    }
  }

  async #call(step: Step & { kind: 'call' | 'stray_call' }): Promise<void> {
    const browser = this.#browser(step.browser);
    const { screen } = browser;
    if (screen === null) {
      return;
    }
    if (!browser.isWaiting) {
      // A page polls as soon as it shows a number, before anyone can have called it.
      this.#observeAll(await this.#poll(step.browser, 0, NOT_HELD));
    }
    if (!browser.isWaiting) {
      return;
    }
    const caller = step.kind === 'call' ? screen.person : step.person;
    const from = caller === null ? null : (people[caller] ?? null);
    for (let times = step.kind === 'call' ? step.times : 1; times > 0; times -= 1) {
      const verified = await this.#vendor.call(from, screen.callNumber);
      const isOwn = caller === screen.person;
      this.#observe({ kind: 'called', attemptId: screen.attemptId, isOwn, verified });
    }
  }

  async #sendCallback(step: Step & { kind: 'callback' }): Promise<void> {
    const screen = step.browser === null ? null : this.#browser(step.browser).screen;
    const token = this.#callbackTokens.get(screen?.vendorId ?? '') ?? 'unknown token';
    await Promise.all(
      Array.from({ length: step.times }, () =>
        this.#on(step.process, ({ login }) => handleCallback(login, token)),
      ),
    );
    if (screen !== null) {
      this.#observe({ kind: 'called_back', attemptId: screen.attemptId });
    }
  }

  async #openPage(step: Step & { kind: 'use_session' }): Promise<void> {
    const { cookies } = this.#browser(step.browser);
    const { session } = cookies;
    if (session !== null) {
      const answer = await this.#on(step.process, async (on) => ({
        loggedIn: await browsers.openPage(on, cookies),
      }));
      if (answer !== null) {
        const phoneNumber = answer.loggedIn?.user.phone_number ?? null;
        this.#observe({
          kind: 'session_used',
          browser: step.browser,
          sessionToken: session,
          phoneNumber,
        });
      }
    }
  }

  async #logOut(step: Step & { kind: 'log_out' }): Promise<void> {
    const browser = this.#browser(step.browser);
    const { session } = browser.cookies;
    const sent = browser.cookies;
    const answered = await this.#on(step.process, (on) => browsers.logOut(on, sent));
    if (answered !== null && session !== null) {
      browser.cookies = browsers.keep(browser.cookies, sent, answered.cookies);
      this.#observe({ kind: 'logged_out', browser: step.browser, sessionToken: session });
    }
  }

  /** The browser polls without receiving the answer, so that only other answers change its cookies. */
  async #loseAnswer(step: Step & { kind: 'lose_answer' }): Promise<void> {
    this.#observeAll(await this.#poll(step.browser, step.process, NOT_HELD, true));
  }

  /** A browser with its own attempt keeps that. */
  #copyCookie({ from, to }: Step & { kind: 'copy_cookie' }): void {
    const { earlierToken } = this.#browser(from);
    const copier = this.#browser(to);
    if (
      from !== to &&
      earlierToken !== null &&
      copier.cookies.attempt?.attemptToken === undefined
    ) {
      copier.cookies = { ...copier.cookies, attempt: { browserToken: earlierToken } };
    }
  }

  #restart(index: number): void {
    this.#processes[index]?.kill();
    this.#processes[index] = this.#startProcess(index);
  }

  #browser(index: number): Browser {
    const browser = this.#browsers[index];
    if (browser === undefined) {
      throw new Error(`there is no browser ${index}`);
    }
    return browser;
  }

  /** Runs a request on a process; null when the process dies before it answers. */
  async #on<T>(index: number, request: (process: Process) => Promise<T>): Promise<T | null> {
    const running = this.#processes[index];
    return running === undefined
      ? null
      : await Promise.race([request(running.process), running.killed]);
  }

  #startProcess(index: number) {
    const { promise: killed, resolve } = Promise.withResolvers<null>();
    let isKilled = false;
    const store = this.#stores[index];
    if (store === undefined) {
      throw new Error(`there is no process ${index}`);
    }
    const process = startProcess({
      store,
      lock: this.#lock,
      barrier: async (what) => {
        await this.#barrier(what);
        if (isKilled) {
          // A killed process never continues.
          await new Promise(() => {});
        }
      },
      clock: { now: () => this.#now, elapsed: () => this.#now },
      pauth: this.#createRecordingClient(),
      notifications: createSimulatedNotifications({
        barrier: () => this.#barrier('wait'),
        advance: (ms) => this.advance(ms),
      }),
    });
    const kill = () => {
      isKilled = true;
      resolve(null);
    };
    return { process, kill, killed };
  }

  #createRecordingClient(): PauthClient {
    const { client } = this.#vendor;
    return {
      checkSession: (id) => client.checkSession(id),
      createSession: async (phoneNumber, callbackUrl) => {
        const reply = await client.createSession(phoneNumber, callbackUrl);
        if (reply.ok) {
          const token = callbackUrl.pathname.split('/').at(-1) ?? '';
          this.#callbackTokens.set(reply.value.pauthSessionId, token);
        }
        return reply;
      },
    };
  }
}
