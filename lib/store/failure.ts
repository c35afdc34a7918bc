import 'server-only';
import * as z from 'zod';

/** Known by its name: Next bundles each route apart, so its class is another in each. */
const UNREACHABLE = 'StoreUnreachable';

/** The database did not answer, or took its answer's connection with it. Its cause is for the log. */
export class StoreUnreachable extends Error {
  override readonly name = UNREACHABLE;
}

/** What SQLite reports of its surroundings: https://sqlite.org/rescode.html, primary codes. */
const sqliteCodes: ReadonlySet<number> = new Set([
  5, // busy
  6, // locked
  8, // read-only
  10, // input or output
  11, // corrupt
  13, // full
  14, // cannot open
  26, // not a database
]);

/**
 * What PostgreSQL reports of its surroundings, by class or in full:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const postgresCodes: readonly string[] = [
  '08', // connection
  '25006', // read-only
  '25P03', // a transaction left idle for too long
  '28', // who we are is not accepted
  '3D', // no such database
  '40001', // another transaction was first
  '40P01', // deadlock
  '53', // out of disk, memory or connections
  '55P03', // a lock was not to be had in time
  '57', // taking too long, shutting down, starting up
  '58', // input or output
  'XX', // broken
];

const errorSchema = z.union([
  z.object({ name: z.literal(UNREACHABLE) }).transform(() => true),
  z
    .object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.number() })
    .transform(({ errcode }) => sqliteCodes.has(errcode & 0xff)),
  // The connection to SQLite is closed: this process is on its way out.
  z.object({ code: z.literal('ERR_INVALID_STATE') }).transform(() => true),
  z
    .object({ code: z.string().regex(/^[0-9A-Z]{5}$/), severity: z.string() })
    .transform(({ code }) => postgresCodes.some((known) => code.startsWith(known))),
]);

/**
 * Whether an error is the database's (gone, full, read-only, locked, slow, broken) and not a mistake
 * of ours. Nothing was written then, and trying again later may help.
 */
export function isStoreFailure(error: unknown): boolean {
  const parsed = errorSchema.safeParse(error);
  return parsed.success && parsed.data;
}

/** Of those of SQLite, the ones that only a write meets with. */
const isWriteCode = (code: number) =>
  [8, 13].includes(code & 0xff) || // read-only, full
  code === 778; // the disk refused a write: made read-only under the open file, a quota used up

const unwritableSchema = z.union([
  z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.number().refine(isWriteCode) }),
  z.object({ code: z.enum(['25006', '53100']), severity: z.string() }),
]);

/** Whether a database that can be read takes nothing new: it or its disk is full, or may only be read. */
export function isUnwritable(error: unknown): boolean {
  return unwritableSchema.safeParse(error).success;
}

const duplicateSchema = z.object({ code: z.literal('23505') });

/** Whether PostgreSQL refused a row because another transaction's was there first. */
export function isDuplicate(error: unknown): boolean {
  return duplicateSchema.safeParse(error).success;
}
