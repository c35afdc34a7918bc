import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { openStore, type StorePlace } from '#lib/store/open.ts';
import type { Store } from '#lib/store/schema.ts';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { orderFailures } from '#tests/support/failing-statements.ts';
import { createDatabase } from '#tests/support/postgres.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** Sites that are killed side by side: while the server of one boots, another one's is at work. */
const SITES = 2;

/**
 * How long a kill may keep somebody waiting who has called. A start that was cut off counts as another browser's
 * until it has had its time, two `PAUTH_TIMEOUT_MS` and five seconds; what else there is is shorter.
 */
const LATE_MS = 10_000;

/** A server that is killed on order, and whoever goes on with its people after that. */
interface Site {
  vendor: ControlClient;
  kills: ReturnType<typeof orderFailures>;
  /** The server to be killed, as it is now. */
  server(): AppServer;
  /** Has a new one take the place of the one that was killed. @returns where its people go on. */
  replace(): Promise<string>;
  look<T>(work: (store: Store) => Promise<T>): Promise<T>;
}

const dialects = {
  'SQLite, and the next process goes on': async (): Promise<Site> => {
    const { killable, ...rest } = await openHouse();
    let server = await killable();
    return {
      ...rest,
      server: () => server,
      look: (work) => lookInto({ kind: 'sqlite', path: server.databasePath }, work),
      async replace() {
        server = await killable({}, server);
        return server.origin;
      },
    };
  },
  'PostgreSQL, and another process goes on': async (): Promise<Site> => {
    const url = await createDatabase(inject('postgresUrl'));
    const { killable, startServer, ...rest } = await openHouse();
    let server = await killable({ DATABASE_URL: url });
    const other = await startServer({ DATABASE_URL: url, APP_ORIGIN: server.origin });
    return {
      ...rest,
      server: () => server,
      look: (work) => lookInto({ kind: 'postgres', url, poolSize: 4 }, work),
      async replace() {
        server = await killable({ DATABASE_URL: url }, server);
        return other.origin;
      },
    };
  },
};

/** A vendor, and how to start servers that ask it. It calls nobody back by itself: see `callBack`. */
async function openHouse() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  const sandbox = await startSandbox({ callbacks: 'off' });
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });
  const kills = orderFailures(join(folder, 'order'));
  const startServer = async (env: Readonly<Record<string, string>>, place?: AppServer) => {
    const limits = { STATUS_WAIT_SECONDS: '0', PAUTH_TIMEOUT_MS: '500' };
    const server = await startAppServer(sandbox.url, { ...limits, ...env }, { place });
    onTestFinished(() => server.stop('SIGKILL'));
    return server;
  };
  return {
    vendor: createControlClient(sandbox.url),
    kills,
    startServer,
    killable: (env: Readonly<Record<string, string>> = {}, place?: AppServer) =>
      startServer({ ...kills.env, ...env }, place),
  };
}

async function lookInto<T>(place: StorePlace, work: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(place);
  try {
    return await work(store);
  } finally {
    await store.destroy();
  }
}

/** Somebody with their browser, and what they have seen and done so far. */
interface Person {
  visitor: Visitor;
  phoneNumber: string;
  /** What the page shows; null where no answer to a start has come. */
  callNumber: string | null;
  hasCalled: boolean;
  /** What happened to their server. */
  story: string;
}

const newPerson = ({ origin }: AppServer): Person => ({
  visitor: new Visitor(origin),
  phoneNumber: randomPhoneNumber(),
  callNumber: null,
  hasCalled: false,
  story: 'never killed',
});

async function press(person: Person): Promise<void> {
  const started = await person.visitor.start(person.phoneNumber);
  expect(started.status).toBe(200);
  person.callNumber = attemptViewSchema.parse(await started.json()).call_number;
}

async function call({ vendor }: Site, person: Person): Promise<void> {
  expect(await vendor.call(person.phoneNumber, person.callNumber ?? '')).toHaveLength(1);
  person.hasCalled = true;
}

/** The vendor tells the server of the call. What that leads to follows after the answer. */
async function callBack({ vendor, server }: Site, { visitor, phoneNumber }: Person): Promise<void> {
  const { output, exited } = server();
  let isGone = false;
  void exited.then(() => {
    isGone = true;
  });
  const [session] = await vendor.sessions(phoneNumber);
  const { pathname } = new URL(session?.callback_url ?? '');
  const response = await visitor.fetch(pathname, { method: 'POST' });
  const followedUp = new RegExp(`${response.headers.get('x-request-id')}.*attempt_verified`);
  await vi.waitUntil(() => isGone || followedUp.test(output()), { timeout: 10_000 });
}

const pollSchema = z.object({ status: z.optional(z.string()), code: z.optional(z.string()) });

async function poll({ visitor }: Person) {
  return pollSchema.parse(await (await visitor.statusPrompted()).json());
}

async function expectIn({ visitor }: Person): Promise<void> {
  expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  expect((await visitor.fetch('/account')).status).toBe(200);
}

async function logIn(site: Site, person: Person): Promise<void> {
  await press(person);
  await call(site, person);
  await callBack(site, person);
  expect(await poll(person)).toEqual({ status: 'verified' });
  await expectIn(person);
}

const isIn = async (person: Person) => (await poll(person)).status === 'verified';

async function waitUntilIn(person: Person, timeout: number): Promise<void> {
  await vi.waitFor(async () => expect(await isIn(person), `is in: ${person.story}`).toBe(true), {
    timeout,
    interval: 200,
  });
}

/** What a person does on the page they have, until only waiting is left. @returns whether they are in. */
async function goOn(site: Site, person: Person): Promise<boolean> {
  const { code } = await poll(person);
  // An attempt whose number to call has been seen is never lost.
  expect(code, person.story).toBe(person.callNumber === null ? 'attempt_missing' : undefined);
  if (person.callNumber === null) {
    await press(person);
  }
  if (!person.hasCalled) {
    await call(site, person);
  }
  return await isIn(person);
}

/** What somebody does while their server is killed. */
interface Journey {
  name: string;
  prepare?(site: Site, person: Person): Promise<void>;
  act(site: Site, person: Person): Promise<void>;
  /** At least so many steps, so that none of this is idle. */
  steps: number;
  /** What they press once more, since no answer came. */
  actAgain?(site: Site, person: Person): Promise<void>;
}

async function cancel(_site: Site, person: Person): Promise<void> {
  expect((await person.visitor.post('/api/auth/cancel', {})).status).toBe(200);
  expect((await poll(person)).code).toBe('attempt_missing');
  person.callNumber = null;
}

async function logOut(_site: Site, person: Person): Promise<void> {
  expect((await person.visitor.post('/api/auth/logout', {})).status).toBe(200);
  expect((await person.visitor.fetch('/api/auth/session')).status).toBe(401);
  person.callNumber = null;
  person.hasCalled = false;
}

const journeys: Journey[] = [
  { name: 'a login', act: logIn, steps: 45 },
  {
    name: 'a cancel',
    prepare: async (_site, person) => await press(person),
    act: cancel,
    steps: 7,
    actAgain: cancel,
  },
  { name: 'a logout', prepare: logIn, act: logOut, steps: 6, actAgain: logOut },
];

/**
 * Somebody new sets out on a journey, the server is killed after its nth step, and they go on.
 *
 * @returns whether the journey has that many steps.
 */
async function killAfter(site: Site, journey: Journey, nth: number, person: Person) {
  const { name, prepare, act, actAgain } = journey;
  const { exited } = site.server();
  await prepare?.(site, person);
  site.kills.order(nth, 'kill');
  const failure = await act(site, person).then(
    () => null,
    (error: unknown) => error,
  );
  const step = site.kills.lift();
  if (step === null) {
    if (failure !== null) {
      throw failure;
    }
    return false;
  }
  person.story = `${name}, killed after its step ${nth}: ${step}`;
  expect(failure, person.story).not.toBeNull();
  await exited;
  person.visitor = person.visitor.clone(await site.replace());
  // The new process found the database as the killed one had left it, and has changed nothing yet.
  expect(await site.look(findUnaccounted), person.story).toEqual([]);
  await actAgain?.(site, person);
  return true;
}

describe('a process that is killed after any one step of a login, a cancel or a logout', () => {
  it.each(Object.entries(dialects))(
    'leaves it to the same browser to go on, which is logged in once: on %s',
    { timeout: 600_000 },
    async (_dialect, open) => {
      const counts = new Map<Journey, number>();
      const killInTurn = async (first: number) => {
        const site = await open();
        const people: Person[] = [];
        const waiting: { person: Person; since: number }[] = [];
        for (const journey of journeys) {
          for (let nth = first, hasStep = true; hasStep; nth += SITES) {
            const person = newPerson(site.server());
            people.push(person);
            hasStep = await killAfter(site, journey, nth, person);
            counts.set(journey, (counts.get(journey) ?? 0) + (hasStep ? 1 : 0));
            if (!(await goOn(site, person))) {
              waiting.push({ person, since: performance.now() });
            }
            while (waiting[0] !== undefined && performance.now() - waiting[0].since > LATE_MS) {
              await waitUntilIn(waiting[0].person, LATE_MS / 2);
              waiting.shift();
            }
          }
        }
        await Promise.all(waiting.map(({ person }) => waitUntilIn(person, LATE_MS)));
        await Promise.all(people.map(expectIn));
        expect(await site.look(findUnaccounted)).toEqual([]);
        expect(await site.look(findSessionNumbers)).toEqual(
          people.map(({ phoneNumber }) => phoneNumber).toSorted(),
        );
      };
      await Promise.all(Array.from({ length: SITES }, (_site, index) => killInTurn(index + 1)));
      for (const [{ name, steps }, count] of counts) {
        expect(count, name).toBeGreaterThanOrEqual(steps);
      }
    },
  );
});

/** Whose the sessions are: each number as often as it is logged in. */
async function findSessionNumbers(store: Store): Promise<string[]> {
  const rows = await store
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('users.phone_number')
    .execute();
  return rows.map((row) => row.phone_number).toSorted();
}
