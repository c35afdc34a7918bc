import { DatabaseSync } from 'node:sqlite';
import { inject } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { userAgents, Visitor } from './visitor.ts';

/** The production build that all HTTP tests share: `tests/support/start-servers.ts`. */
export const appOrigin = inject('appOrigin');

/** The controls of the vendor's stand-in that it talks to. */
export const vendor = createControlClient(inject('sandboxUrl'));

/** Where its database lies, for what only time or an operator brings about. */
export const databasePath = inject('databasePath');

/** Asks the database of the running server. */
export function queryDatabase(statement: string, ...values: string[]) {
  const database = new DatabaseSync(databasePath);
  try {
    return database.prepare(statement).all(...values);
  } finally {
    database.close();
  }
}

export const newVisitor = () => new Visitor(appOrigin);

/** How many requests of a kind the vendor has seen about a phone number. */
export async function countVendorRequests(
  kind: 'create' | 'check',
  phoneNumber: string,
): Promise<number> {
  const requests = await vendor.requests(phoneNumber);
  return requests.filter((request) => request.kind === kind).length;
}

/** A visitor who has logged in with a phone number. */
export async function logIn(
  phoneNumber: string,
  userAgent: string = userAgents.chromeOnWindows,
): Promise<Visitor> {
  const visitor = newVisitor();
  visitor.userAgent = userAgent;
  await logInOn(visitor, phoneNumber);
  return visitor;
}

/** Logs a visitor in, by a call that the vendor of all servers sees; answers what the poll said. */
export async function logInOn(visitor: Visitor, phoneNumber: string): Promise<Response> {
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, attempt.call_number);
  return await visitor.status();
}
