import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Config } from '#lib/config/config.ts';
import { createToken } from '#lib/crypto/token.ts';
import type { PauthError } from '#lib/pauth/errors.ts';
import { type PauthSession, parseCheckReply, parseCreateReply } from '#lib/pauth/parse.ts';
import { send } from '#lib/pauth/send.ts';
import { formatForCaller } from '#lib/phone/phone-number.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { type Result, succeed } from '#lib/shared/result.ts';

/** What was seen of the vendor in a matter that its guide is silent about. Holds no digit of a number. */
export interface Observation {
  about: string;
  seen: string;
}

interface CallOptions {
  /** Prints a line for the person who calls. */
  say(text: string): void;
  /** Ends the watching; what was seen until then is reported. */
  signal: AbortSignal;
  /** The pause between two checks of the sessions. */
  pollMs: number;
  /** How long after its creation a session is watched at most. */
  watchMs: number;
}

/** A session at the vendor, and what its checks have shown so far. */
interface Watched extends PauthSession {
  createdAt: number;
  /** The app answers it and does nothing, because it knows no attempt with this token. */
  callbackPath: string;
  createFields: string;
  /** Those of the latest reply. */
  checkFields: string;
  /** Each status, with the seconds after which it was first seen. */
  statuses: Map<string, number>;
  /** Whether the vendor named the number that was typed; null while it named none. */
  isSameNumber: boolean | null;
  failures: Set<PauthError['kind']>;
}

/**
 * Creates two sessions for a phone number, lets its owner call the number of the first, and watches both
 * until the first has ended and one has expired.
 *
 * @returns what was seen, or why the vendor created no session.
 */
export async function watchCall(
  config: Config,
  phoneNumber: PhoneNumber,
  options: CallOptions,
): Promise<Result<Observation[], PauthError>> {
  const first = await create(config, phoneNumber);
  if (!first.ok) {
    return first;
  }
  const second = await create(config, phoneNumber);
  if (!second.ok) {
    return second;
  }
  const called = first.value;
  const sessions = [called, second.value];
  options.say(`Call ${formatForCaller(called.callNumber, phoneNumber)} from that phone.`);
  options.say('Ctrl-C ends this and reports what was seen until then.');
  await watch(config, phoneNumber, sessions, options, () => hasEnded(called));
  options.say(called.statuses.has('verified') ? 'The vendor saw the call.' : 'No call was seen.');
  if (!sessions.every(hasEnded)) {
    options.say('Waiting for the other session to expire, to see how long one lives …');
    await watch(config, phoneNumber, sessions, options, () => sessions.every(hasEnded));
  }
  return succeed(report(called, second.value));
}

const hasEnded = ({ statuses }: Watched) => statuses.has('verified') || statuses.has('expired');

async function create(
  { pauth, app }: Config,
  phoneNumber: PhoneNumber,
): Promise<Result<Watched, PauthError>> {
  const callback = new URL(`/api/auth/callback/${createToken()}`, app.origin);
  const body = { phone_number: phoneNumber, callback_url: callback.href };
  const reply = await ask(pauth, '', body);
  if (!reply.ok) {
    return reply;
  }
  const session = parseCreateReply(reply.value, app.defaultCountry);
  if (!session.ok) {
    return session;
  }
  return succeed({
    ...session.value,
    createdAt: performance.now(),
    callbackPath: callback.pathname,
    createFields: describeFields(reply.value),
    checkFields: '',
    statuses: new Map(),
    isSameNumber: null,
    failures: new Set(),
  });
}

/** Sends one request, whose reply is wanted as it is: `PauthClient` keeps only the fields of the guide. */
async function ask({ baseUrl, apiKey, timeoutMs }: Config['pauth'], path: string, body?: object) {
  const url = new URL(`${baseUrl.href.replace(/\/$/, '')}/v1/auth/sessions${path}`);
  const deadline = { atMs: performance.now() + timeoutMs, timeoutMs };
  return await send({ url, apiKey, ...(body === undefined ? {} : { body }) }, deadline);
}

/** Checks the sessions that have not ended until `isDone`, the end of the time, or the signal. */
async function watch(
  config: Config,
  phoneNumber: PhoneNumber,
  sessions: readonly Watched[],
  { signal, pollMs, watchMs }: CallOptions,
  isDone: () => boolean,
): Promise<void> {
  const isLate = () => sessions.some(({ createdAt }) => performance.now() > createdAt + watchMs);
  for (;;) {
    for (const session of sessions.filter((each) => !hasEnded(each))) {
      await check(config, phoneNumber, session);
    }
    if (isDone() || isLate() || signal.aborted) {
      return;
    }
    await delay(pollMs, null, { signal }).catch(() => {});
  }
}

async function check({ pauth, app }: Config, phoneNumber: PhoneNumber, session: Watched) {
  const raw = await ask(pauth, `/${encodeURIComponent(session.pauthSessionId)}`);
  const parsed = raw.ok ? parseCheckReply(raw.value, app.defaultCountry) : raw;
  if (!raw.ok || !parsed.ok) {
    session.failures.add(parsed.ok ? 'unexpected' : parsed.error.kind);
    return;
  }
  const { status } = parsed.value;
  const word = status === 'pending' ? (parsed.value.unknownStatus ?? status) : status;
  session.checkFields = describeFields(raw.value);
  if (!session.statuses.has(word)) {
    session.statuses.set(word, Math.round((performance.now() - session.createdAt) / 1_000));
  }
  if (status === 'verified') {
    session.isSameNumber = parsed.value.phoneNumber === phoneNumber;
  }
}

const fieldsSchema = z.record(z.string(), z.unknown());

/** The names of a reply's fields, and how their values are written, with a 9 for each digit. */
function describeFields(text: string): string {
  return Object.entries(fieldsSchema.parse(JSON.parse(text)))
    .map(([name, value]) => `${name} ${JSON.stringify(value)?.replace(/\d/g, '9').slice(0, 60)}`)
    .join(', ');
}

function report(called: Watched, other: Watched): Observation[] {
  const expired = [called, other].find(({ statuses }) => statuses.has('expired'));
  const failures = new Set([...called.failures, ...other.failures]);
  return [
    { about: 'reply to create', seen: called.createFields },
    { about: 'reply to check', seen: called.checkFields || 'none' },
    {
      about: 'two sessions of one number',
      seen:
        called.callNumber === other.callNumber
          ? 'got the same call number'
          : 'got different call numbers',
    },
    { about: 'status of the called one', seen: describeStatuses(called) },
    { about: 'status of the other one', seen: describeStatuses(other) },
    {
      about: 'number of the caller',
      seen:
        called.isSameNumber === null
          ? 'not seen'
          : called.isSameNumber
            ? 'the one that was typed'
            : 'another one than was typed: nobody would be logged in',
    },
    {
      about: 'expiry',
      seen:
        expired === undefined
          ? 'not seen'
          : `at most ${expired.statuses.get('expired')} s after the session was created`,
    },
    { about: 'checks that failed', seen: [...failures].join(', ') || 'none' },
    {
      about: 'callback',
      seen: `not seen from here; search the log of your proxy for ${called.callbackPath}`,
    },
  ];
}

function describeStatuses({ statuses }: Watched): string {
  const seen = [...statuses]
    .map(([word, seconds]) => `${JSON.stringify(word)} after ${seconds} s`)
    .join(', ');
  return seen || 'none';
}
