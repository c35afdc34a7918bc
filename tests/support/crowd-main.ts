/** The people of `logInAtOnce`: prints what became of them as one line of JSON. */
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
  putOff: number;
  inMs: number;
}

const people = Array.from({ length: Number(count) }, (_, index): Person => {
  const visitor = new Visitor(origins[index % origins.length] ?? '');
  // An address of their own each.
  visitor.network = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  return { visitor, phoneNumber: `+8180${10_000_000 + index}`, putOff: 0, inMs: 0 };
});
const unexpected: string[] = [];
const retryAfter = new Map<number, number>();

/** Of a connection that could not be made in ten seconds, or was closed because nothing came over it. */
const failedSchema = z.object({
  cause: z.object({
    code: z.enum(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']),
  }),
});
/** How often one request may meet such a connection. */
const MOST_CONNECTIONS = 4;

class ClosedUnused extends Error {}

/** Sends over another connection where one failed, as a browser does by itself. */
async function connected<T>(send: () => Promise<T>): Promise<T> {
  for (let connections = 1; ; connections += 1) {
    try {
      return await send();
    } catch (error) {
      const isTheConnections =
        error instanceof ClosedUnused || failedSchema.safeParse(error).success;
      if (connections === MOST_CONNECTIONS || !isTheConnections) {
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
  return await connected(async () => {
    const response = await send();
    const text = await response.text();
    // Node's own: this process was so busy that the connection was ten seconds old when it sent something.
    if (response.status === 408 && text === '') {
      throw new ClosedUnused();
    }
    const retryAfterSeconds = Number(response.headers.get('retry-after'));
    return { status: response.status, retryAfterSeconds, text };
  });
}

/** Asks again when the server says that it cannot just now, as late as it says. */
async function answerTo(person: Person, send: () => Promise<Response>): Promise<unknown> {
  for (;;) {
    const { status, retryAfterSeconds, text } = await answerOf(send);
    if (status === 200) {
      return JSON.parse(text);
    }
    if (![429, 503, 504].includes(status) || !(retryAfterSeconds > 0)) {
      throw new Error(`${status}, to come back in ${retryAfterSeconds}: ${text}`);
    }
    retryAfter.set(retryAfterSeconds, (retryAfter.get(retryAfterSeconds) ?? 0) + 1);
    person.putOff += 1;
    await delay(retryAfterSeconds * 1_000);
  }
}

async function logIn(person: Person): Promise<void> {
  const { visitor, phoneNumber } = person;
  const start = await answerTo(person, () => visitor.start(phoneNumber));
  const { call_number: callNumber } = attemptViewSchema.parse(start);
  await connected(() => vendor.call(phoneNumber, callNumber));
  for (let status = 'pending'; status !== 'verified'; ) {
    ({ status } = statusReplySchema.parse(await answerTo(person, () => visitor.status())));
    if (status !== 'pending' && status !== 'verified') {
      throw new Error(`the attempt is ${status}`);
    }
  }
  person.inMs = performance.now() - beganAt;
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
for (const person of people) {
  loggedIn += (await isLoggedIn(person)) ? 1 : 0;
}
const report: CrowdReport = {
  loggedIn,
  unexpected: unexpected.slice(0, 20),
  retryAfter: [...retryAfter].toSorted(([a], [b]) => a - b),
  mostPutOff: people.reduce((most, { putOff }) => Math.max(most, putOff), 0),
  allInMs: Math.round(people.reduce((last, { inMs }) => Math.max(last, inMs), 0)),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
