import { DatabaseSync } from 'node:sqlite';
import { inject } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { userAgents, Visitor } from './visitor.ts';

/** The production build that all HTTP tests share: `tests/support/start-servers.ts`. */
export const appOrigin = inject('appOrigin');

/** The control client of its sandbox. */
export const vendor = createControlClient(inject('sandboxUrl'));

/** The path of its database, for changes that only time or an operator causes. */
export const databasePath = inject('databasePath');

/** Runs a statement on the database of the running server. @returns its rows. */
export function queryDatabase(statement: string, ...values: string[]) {
  const database = new DatabaseSync(databasePath);
  try {
    return database.prepare(statement).all(...values);
  } finally {
    database.close();
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
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, attempt.call_number);
  return await visitor.status();
}
