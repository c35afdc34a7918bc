import { BROWSERS, type Step } from './steps.ts';

/**
 * What the rules of decision 21 promise, and decision 6 of numbers that change hands. Written from those, not from
 * the code. Predicts of every step whether it succeeds, and then what every browser sees.
 */
export interface Model {
  now: number;
  isVendorDown: boolean;
  accounts: Account[];
  sessions: Session[];
  passkeys: ModelPasskey[];
  /** The cookies of the browsers. */
  held: (Cookie | null)[];
}

export interface Account {
  person: number;
  isSetAside: boolean;
  createdAt: number;
  activeAt: number;
}

interface Session {
  account: Account;
  isByPasskey: boolean;
  begunAt: number;
  passkeyUsedAt: number | null;
  isEnded: boolean;
  /** Counts its tokens: only the latest one is valid. */
  token: number;
}

interface ModelPasskey {
  account: Account;
  addedAt: number;
  addedIn: Session;
  isRemoved: boolean;
}

interface Cookie {
  session: Session;
  token: number;
}

/** What a browser sees with its cookie; null when it is logged out. */
export interface Seen {
  person: number;
  isLimited: boolean;
  passkeyUsedAt: number | null;
  passkeys: number;
  /** Passkeys of which this session is told: those that other sessions added. */
  newPasskeys: number;
  /** Other sessions of which this one is told, since they stand on a call alone. */
  callsAlone: number;
}

const MINUTES_5 = 5 * 60_000;
const HOURS_24 = 24 * 3_600_000;
const DAYS_7 = 7 * HOURS_24;
const DAYS_365 = 365 * HOURS_24;

export function begin(now: number): Model {
  const held = Array.from({ length: BROWSERS }, () => null);
  return { now, isVendorDown: false, accounts: [], sessions: [], passkeys: [], held };
}

/** Performs a step. @returns whether it succeeds; for several answers, whether each does. */
export function perform(model: Model, step: Step): boolean[] {
  switch (step.kind) {
    case 'call':
      return [call(model, step)];
    case 'enrol':
      return enrol(model, step);
    case 'log_in':
      return logIn(model, step);
    case 'confirm':
      return confirm(model, step);
    case 'remove':
      return [remove(model, step)];
    case 'end_session': {
      const [own, other] = [sessionIn(model, step.browser), sessionIn(model, step.of)];
      if (own === null || other === null || own === other || isLimited(model, own)) {
        return [false];
      }
      return [own.account === other.account && end(other)];
    }
    case 'end_others': {
      const own = sessionIn(model, step.browser);
      if (own === null || isLimited(model, own)) {
        return [false];
      }
      for (const other of model.sessions) {
        other.isEnded ||= other.account === own.account && other !== own;
      }
      return [true];
    }
    case 'log_out': {
      const own = sessionIn(model, step.browser);
      model.held[step.browser] = null;
      return [own !== null && end(own)];
    }
    case 'copy_cookie':
      model.held[step.to] = model.held[step.from] ?? null;
      return [];
    case 'advance':
      model.now += step.ms;
      return [];
    case 'vendor':
      model.isVendorDown = step.isDown;
      return [];
  }
}

/** What a browser sees. Looking counts as activity of the number where a call began the session. */
export function look(model: Model, browser: number): Seen | null {
  const session = sessionIn(model, browser);
  if (session === null) {
    return null;
  }
  const { account } = session;
  const passkeys = passkeysOf(model, account);
  const oldest = Math.min(...passkeys.map(({ addedAt }) => addedAt));
  const isNews = (at: number) => at > account.createdAt;
  return {
    person: account.person,
    isLimited: isLimited(model, session),
    passkeyUsedAt: session.passkeyUsedAt,
    passkeys: passkeys.length,
    newPasskeys: passkeys.filter((one) => one.addedIn !== session && isNews(one.addedAt)).length,
    callsAlone: model.sessions.filter(
      (other) =>
        other !== session &&
        other.account === account &&
        isAlive(model, other) &&
        other.begunAt > oldest &&
        isNews(other.begunAt) &&
        isCallAlone(model, other),
    ).length,
  };
}

function call(model: Model, { browser, person }: Step & { kind: 'call' }): boolean {
  if (model.isVendorDown) {
    return false;
  }
  let account = model.accounts.find((one) => one.person === person && !one.isSetAside);
  if (account !== undefined && model.now - account.activeAt > DAYS_365) {
    account.isSetAside = true;
    for (const session of model.sessions) {
      session.isEnded ||= session.account === account;
    }
    account = undefined;
  }
  if (account === undefined) {
    account = { person, isSetAside: false, createdAt: model.now, activeAt: model.now };
    model.accounts.push(account);
  }
  account.activeAt = model.now;
  beginSession(model, browser, account, false);
  return true;
}

function beginSession(model: Model, browser: number, account: Account, isByPasskey: boolean): void {
  const session: Session = {
    account,
    isByPasskey,
    begunAt: model.now,
    passkeyUsedAt: isByPasskey ? model.now : null,
    isEnded: false,
    token: 1,
  };
  model.sessions.push(session);
  model.held[browser] = { session, token: 1 };
}

function enrol(model: Model, step: Step & { kind: 'enrol' }): boolean[] {
  const asking = sessionIn(model, step.browser);
  const isOffered = asking !== null && mayAdd(model, asking);
  model.now += step.pauseMs;
  return answers(step.times, (isFirst) => {
    const session = sessionIn(model, step.answeredIn);
    if (
      !isOffered ||
      !isFirst ||
      step.pauseMs >= MINUTES_5 ||
      session?.account !== asking.account ||
      !mayAdd(model, session)
    ) {
      return false;
    }
    const { account } = session;
    model.passkeys.push({ account, addedAt: model.now, addedIn: session, isRemoved: false });
    renew(model, step.answeredIn, session);
    return true;
  });
}

function logIn(model: Model, step: Step & { kind: 'log_in' }): boolean[] {
  model.now += step.pauseMs;
  const passkey = model.passkeys[step.passkey];
  return answers(step.times, (isFirst) => {
    if (!isFirst || step.pauseMs >= MINUTES_5 || passkey === undefined || passkey.isRemoved) {
      return false;
    }
    beginSession(model, step.browser, passkey.account, true);
    return true;
  });
}

function confirm(model: Model, step: Step & { kind: 'confirm' }): boolean[] {
  model.now += step.pauseMs;
  const passkey = model.passkeys[step.passkey];
  return answers(step.times, (isFirst) => {
    const session = sessionIn(model, step.browser);
    if (
      !isFirst ||
      step.pauseMs >= MINUTES_5 ||
      session === null ||
      passkey?.account !== session.account ||
      passkey.isRemoved
    ) {
      return false;
    }
    renew(model, step.browser, session);
    return true;
  });
}

function remove(model: Model, step: Step & { kind: 'remove' }): boolean {
  const session = sessionIn(model, step.browser);
  const passkey = model.passkeys[step.passkey];
  if (
    session === null ||
    passkey?.account !== session.account ||
    passkey.isRemoved ||
    !mayChange(model, session) ||
    (session.account.isSetAside && passkeysOf(model, session.account).length === 1)
  ) {
    return false;
  }
  passkey.isRemoved = true;
  return true;
}

/** Rule 1, and rule 2 for further passkeys. */
function mayAdd(model: Model, session: Session): boolean {
  return passkeysOf(model, session.account).length > 0
    ? mayChange(model, session)
    : !session.isByPasskey && model.now - session.begunAt < MINUTES_5;
}

/** Rule 2. */
function mayChange(model: Model, session: Session): boolean {
  return session.passkeyUsedAt === null
    ? !isCallAlone(model, session)
    : model.now - session.passkeyUsedAt < MINUTES_5;
}

function isLimited(model: Model, session: Session): boolean {
  return isCallAlone(model, session) && passkeysOf(model, session.account).length > 0;
}

function isCallAlone({ now }: Model, session: Session): boolean {
  return session.passkeyUsedAt === null && now - session.begunAt < HOURS_24;
}

function passkeysOf(model: Model, account: Account): ModelPasskey[] {
  return model.passkeys.filter((one) => one.account === account && !one.isRemoved);
}

function isAlive({ now }: Model, session: Session): boolean {
  return !session.isEnded && now - session.begunAt < DAYS_7;
}

/** The valid session of a browser, which counts as used. */
function sessionIn(model: Model, browser: number): Session | null {
  const cookie = model.held[browser] ?? null;
  if (cookie === null || !isAlive(model, cookie.session) || cookie.token !== cookie.session.token) {
    return null;
  }
  const { session } = cookie;
  if (!session.isByPasskey) {
    session.account.activeAt = model.now;
  }
  return session;
}

/** A passkey was used in a session: it gets a new token, which this browser alone has. */
function renew(model: Model, browser: number, session: Session): void {
  session.passkeyUsedAt = model.now;
  session.token += 1;
  model.held[browser] = { session, token: session.token };
}

function end(session: Session): boolean {
  session.isEnded = true;
  return true;
}

function answers(times: number, answer: (isFirst: boolean) => boolean): boolean[] {
  return Array.from({ length: times }, (_, index) => answer(index === 0));
}
