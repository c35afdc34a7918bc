/** The client process of `logInAtOnce`: logs people in and prints a `CrowdReport` as one line of JSON. */
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { attemptViewSchema, sessionReplySchema, statusReplySchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import type { CrowdReport } from './crowd.ts';
import { Visitor } from './visitor.ts';

const [originList = '', vendorUrl = '', count = ''] = process.argv.slice(2);
const origins = originList.split(',');
const vendor = createControlClient(vendorUrl);

interface Person {
  visitor: Visitor;
  phoneNumber: string;
  retries: number;
  doneMs: number;
}

const people = Array.from({ length: Number(count) }, (_, index): Person => {
  const visitor = new Visitor(origins[index % origins.length] ?? '');
  // Each has its own address.
  visitor.network = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  return { visitor, phoneNumber: `+8180${10_000_000 + index}`, retries: 0, doneMs: 0 };
});
const unexpected: string[] = [];
const retryAfter = new Map<number, number>();

/** The error of a connection that timed out after ten seconds or was closed while idle. */
const failedSchema = z.object({
  cause: z.object({
    code: z.enum(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']),
  }),
});
/** The most connections to try for one request. */
const MAX_CONNECTIONS = 4;

class ClosedUnused extends Error {}

/** Retries on another connection when one failed, as browsers do. */
async function withReconnects<T>(send: () => Promise<T>): Promise<T> {
  for (let connections = 1; ; connections += 1) {
    try {
      return await send();
    } catch (error) {
      const isConnectionError =
        error instanceof ClosedUnused || failedSchema.safeParse(error).success;
      if (connections === MAX_CONNECTIONS || !isConnectionError) {
        throw error;
      }
    }
  }
}

interface Answer {
  status: number;
  retryAfterSeconds: number;
  text: string;
}

async function answerOf(send: () => Promise<Response>): Promise<Answer> {
  return await withReconnects(async () => {
    const response = await send();
    const text = await response.text();
    // Sent by Node itself: this process was too busy to use a new connection within ten seconds.
    if (response.status === 408 && text === '') {
      throw new ClosedUnused();
    }
    const retryAfterSeconds = Number(response.headers.get('retry-after'));
    return { status: response.status, retryAfterSeconds, text };
  });
}

/** Repeats a request after the Retry-After of each 429, 503 or 504. */
async function answerTo(person: Person, send: () => Promise<Response>): Promise<unknown> {
  for (;;) {
    const { status, retryAfterSeconds, text } = await answerOf(send);
    if (status === 200) {
      return JSON.parse(text);
    }
    if (![429, 503, 504].includes(status) || !(retryAfterSeconds > 0)) {
      throw new Error(`${status}, to retry in ${retryAfterSeconds}: ${text}`);
    }
    retryAfter.set(retryAfterSeconds, (retryAfter.get(retryAfterSeconds) ?? 0) + 1);
    person.retries += 1;
    await delay(retryAfterSeconds * 1_000);
  }
}

async function logIn(person: Person): Promise<void> {
  const { visitor, phoneNumber } = person;
  const start = await answerTo(person, () => visitor.start(phoneNumber));
  const { call_number: callNumber } = attemptViewSchema.parse(start);
  await withReconnects(() => vendor.call(phoneNumber, callNumber));
  for (let status = 'pending'; status !== 'verified'; ) {
    ({ status } = statusReplySchema.parse(await answerTo(person, () => visitor.status())));
    if (status !== 'pending' && status !== 'verified') {
      throw new Error(`the attempt is ${status}`);
    }
  }
  person.doneMs = performance.now() - beganAt;
}

async function isLoggedIn({ visitor, phoneNumber }: Person): Promise<boolean> {
  const { status, text } = await answerOf(() => visitor.fetch('/api/auth/session'));
  const own = sessionReplySchema.safeParse(status === 200 ? JSON.parse(text) : null);
  return own.data?.user.phone_number === phoneNumber;
}

const note = (error: unknown) => {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${error.cause}` : '';
  unexpected.push(`${error}${cause}`);
};

const beganAt = performance.now();
await Promise.all(people.map((person) => logIn(person).catch(note)));
let loggedIn = 0;
for (let first = 0; first < people.length; first += 100) {
  const own = await Promise.all(people.slice(first, first + 100).map(isLoggedIn));
  loggedIn += own.filter(Boolean).length;
}
const report: CrowdReport = {
  loggedIn,
  unexpected: unexpected.slice(0, 20),
  retryAfter: [...retryAfter].toSorted(([a], [b]) => a - b),
  maxRetries: people.reduce((most, { retries }) => Math.max(most, retries), 0),
  totalMs: Math.round(people.reduce((last, { doneMs }) => Math.max(last, doneMs), 0)),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
