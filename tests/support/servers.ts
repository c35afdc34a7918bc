import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect } from 'vitest';
import { attemptViewSchema, phoneNumberSchema } from '#lib/shared/contract.ts';
import { openStore } from '#lib/store/open.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { platform, startAppServer } from './app-server.ts';
import { userAgents, Visitor } from './visitor.ts';

/** The sandbox and the production build that the HTTP tests of one file share; each uses its own phone number. */
const sandbox = await startSandbox();
const app = await startAppServer(sandbox.url, {
  STATUS_WAIT_SECONDS: '3',
  // Few enough to reach, many enough for one test.
  START_LIMIT_PER_NETWORK: '10/600',
  PAUTH_TIMEOUT_MS: '3000',
  // Many tests make the vendor fail; the circuit must not stay open for the next one.
  PAUTH_BREAKER: '1000/1',
});
afterAll(async () => {
  await app.stop();
  await sandbox.close();
});

export const appOrigin = app.origin;

export const sandboxUrl = sandbox.url;

/** The control client of the sandbox. */
export const vendor = createControlClient(sandbox.url);

/** The path of its database, for changes that only time or an operator causes; and its stores. */
export const { databasePath, stores } = app;

/** Runs a statement on the database of the running server. @returns its rows. */
export function queryDatabase(statement: string, ...values: string[]) {
  const database = new DatabaseSync(databasePath);
  try {
    return database.prepare(statement).all(...values);
  } finally {
    database.close();
  }
}

/** The number of sessions of the user of a phone number. */
export async function countSessions(phoneNumber: string): Promise<number> {
  const store = openStore(
    platform.store === 'sqlite'
      ? { kind: 'sqlite', path: databasePath }
      : { kind: 'postgres', url: stores.DATABASE_URL, poolSize: 1 },
  );
  try {
    const rows = await store
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .select('sessions.id_hash')
      .where('users.phone_number', '=', phoneNumberSchema.parse(phoneNumber))
      .execute();
    return rows.length;
  } finally {
    await store.destroy();
  }
}

export const newVisitor = () => new Visitor(appOrigin);

/** The number of vendor requests of a kind about a phone number. */
export async function countVendorRequests(
  kind: 'create' | 'check',
  phoneNumber: string,
): Promise<number> {
  const requests = await vendor.requests(phoneNumber);
  return requests.filter((request) => request.kind === kind).length;
}

/** Logs a new visitor in with a phone number. */
export async function logIn(
  phoneNumber: string,
  userAgent: string = userAgents.chromeOnWindows,
): Promise<Visitor> {
  const visitor = newVisitor();
  visitor.userAgent = userAgent;
  await logInOn(visitor, phoneNumber);
  return visitor;
}

/** Logs a visitor of any server of the shared sandbox in. @returns the answer to the poll. */
export async function logInOn(visitor: Visitor, phoneNumber: string): Promise<Response> {
  const started = await (await visitor.start(phoneNumber)).json();
  expect(started).toHaveProperty('call_number');
  const attempt = attemptViewSchema.parse(started);
  await vendor.call(phoneNumber, attempt.call_number);
  return await visitor.status();
}
