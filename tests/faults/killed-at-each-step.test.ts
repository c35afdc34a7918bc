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
import { createFaultInjector } from '#tests/support/failing-statements.ts';
import { createDatabase } from '#tests/support/postgres.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** Sites that are tested in parallel: while the server of one boots, that of another works. */
const SITES = 2;

/**
 * How long a kill may delay a login after its call. A start that was interrupted counts as another browser's
 * until its time limit, two `PAUTH_TIMEOUT_MS` and five seconds; all other delays are shorter.
 */
const LATE_MS = 10_000;

/** A server that is killed at a step, and the process that serves its people afterwards. */
interface Site {
  vendor: ControlClient;
  kills: ReturnType<typeof createFaultInjector>;
  /** The current server, which is killed next. */
  server(): AppServer;
  /** Replaces the killed server. @returns the origin of the server that people use from now on. */
  replace(): Promise<string>;
  readStore<T>(work: (store: Store) => Promise<T>): Promise<T>;
}

const dialects = {
  'SQLite, where the next process continues': async (): Promise<Site> => {
    const { killable, ...rest } = await openSite();
    let server = await killable();
    return {
      ...rest,
      server: () => server,
      readStore: (work) => withStore({ kind: 'sqlite', path: server.databasePath }, work),
      async replace() {
        server = await killable({}, server);
        return server.origin;
      },
    };
  },
  'PostgreSQL, where another process continues': async (): Promise<Site> => {
    const url = await createDatabase(inject('postgresUrl'));
    const { killable, startServer, ...rest } = await openSite();
    let server = await killable({ DATABASE_URL: url });
    const other = await startServer({ DATABASE_URL: url, APP_ORIGIN: server.origin });
    return {
      ...rest,
      server: () => server,
      readStore: (work) => withStore({ kind: 'postgres', url, poolSize: 4 }, work),
      async replace() {
        server = await killable({ DATABASE_URL: url }, server);
        return other.origin;
      },
    };
  },
};

/** A sandbox without callbacks (`sendCallback` sends them), and how to start servers that use it. */
async function openSite() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  const sandbox = await startSandbox({ callbacks: 'off' });
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });
  const kills = createFaultInjector(join(folder, 'order'));
  const startServer = async (env: Readonly<Record<string, string>>, place?: AppServer) => {
    const limits = { STATUS_WAIT_SECONDS: '0', PAUTH_TIMEOUT_MS: '1000' };
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

async function withStore<T>(place: StorePlace, work: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(place);
  try {
    return await work(store);
  } finally {
    await store.destroy();
  }
}

/** A person with a browser, and their progress. */
interface Person {
  visitor: Visitor;
  phoneNumber: string;
  /** The number on the page; null before a start has been answered. */
  callNumber: string | null;
  hasCalled: boolean;
  /** What happened to the server, for messages of failed assertions. */
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

/** Sends the vendor's callback and waits for the check that follows its answer. */
async function sendCallback(
  { vendor, server }: Site,
  { visitor, phoneNumber }: Person,
): Promise<void> {
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

async function expectLoggedIn({ visitor, story }: Person): Promise<void> {
  for (const path of ['/api/auth/session', '/account']) {
    const response = await visitor.fetch(path);
    expect(response.status, `${path}, ${story}: ${await response.text()}`).toBe(200);
  }
}

async function logIn(site: Site, person: Person): Promise<void> {
  await press(person);
  await call(site, person);
  await sendCallback(site, person);
  expect(await poll(person)).toEqual({ status: 'verified' });
  await expectLoggedIn(person);
}

const isLoggedIn = async (person: Person) => (await poll(person)).status === 'verified';

async function waitUntilLoggedIn(person: Person, timeout: number): Promise<void> {
  await vi.waitFor(
    async () => expect(await isLoggedIn(person), `is logged in: ${person.story}`).toBe(true),
    {
      timeout,
      interval: 200,
    },
  );
}

/** Does everything that the page still asks for. @returns whether the person is logged in. */
async function continueLogin(site: Site, person: Person): Promise<boolean> {
  const { code } = await poll(person);
  // An attempt whose number to call has been shown is never lost.
  expect(code, person.story).toBe(person.callNumber === null ? 'attempt_missing' : undefined);
  if (person.callNumber === null) {
    await press(person);
  }
  if (!person.hasCalled) {
    await call(site, person);
  }
  return await isLoggedIn(person);
}

/** What a person does while the server is killed. */
interface Journey {
  name: string;
  prepare?(site: Site, person: Person): Promise<void>;
  act(site: Site, person: Person): Promise<void>;
  /** The least number of steps, to show that the kills really happen. */
  steps: number;
  /** What the person repeats, since no answer came. */
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
  { name: 'a login', act: logIn, steps: 30 },
  {
    name: 'a cancel',
    prepare: async (_site, person) => await press(person),
    act: cancel,
    steps: 6,
    actAgain: cancel,
  },
  { name: 'a logout', prepare: logIn, act: logOut, steps: 6, actAgain: logOut },
];

/**
 * Runs a journey, kills the server after its nth step, and replaces it.
 *
 * @returns whether the journey has that many steps.
 */
async function killAfter(site: Site, journey: Journey, nth: number, person: Person) {
  const { name, prepare, act, actAgain } = journey;
  const { exited } = site.server();
  await prepare?.(site, person);
  site.kills.arm(nth, 'kill');
  const failure = await act(site, person).then(
    () => null,
    (error: unknown) => error,
  );
  const step = site.kills.disarm();
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
  // The new process has not changed the database that the killed one left.
  expect(await site.readStore(findUnaccounted), person.story).toEqual([]);
  await actAgain?.(site, person);
  return true;
}

describe('a process killed after any step of a login, a cancel or a logout', () => {
  it.each(Object.entries(dialects))(
    'lets the same browser continue and logs it in once: on %s',
    { timeout: 600_000 },
    async (_dialect, open) => {
      const counts = new Map<Journey, number>();
      const killAtEachStep = async (first: number) => {
        const site = await open();
        const people: Person[] = [];
        const waiting: { person: Person; since: number }[] = [];
        for (const journey of journeys) {
          for (let nth = first, hasStep = true; hasStep; nth += SITES) {
            const person = newPerson(site.server());
            people.push(person);
            hasStep = await killAfter(site, journey, nth, person);
            counts.set(journey, (counts.get(journey) ?? 0) + (hasStep ? 1 : 0));
            if (!(await continueLogin(site, person))) {
              waiting.push({ person, since: performance.now() });
            }
            while (waiting[0] !== undefined && performance.now() - waiting[0].since > LATE_MS) {
              await waitUntilLoggedIn(waiting[0].person, LATE_MS / 2);
              waiting.shift();
            }
          }
        }
        await Promise.all(waiting.map(({ person }) => waitUntilLoggedIn(person, LATE_MS)));
        for (const person of people) {
          await expectLoggedIn(person);
        }
        expect(await site.readStore(findUnaccounted)).toEqual([]);
        expect(await site.readStore(findSessionNumbers)).toEqual(
          people.map(({ phoneNumber }) => phoneNumber).toSorted(),
        );
      };
      await Promise.all(Array.from({ length: SITES }, (_site, index) => killAtEachStep(index + 1)));
      for (const [{ name, steps }, count] of counts) {
        expect(count, name).toBeGreaterThanOrEqual(steps);
      }
    },
  );
});

/** The phone number of each session, sorted. */
async function findSessionNumbers(store: Store): Promise<string[]> {
  const rows = await store
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('users.phone_number')
    .execute();
  return rows.map((row) => row.phone_number).toSorted();
}
