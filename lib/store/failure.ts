import 'server-only';
import * as z from 'zod';

/** Recognized by name: Next bundles each route separately, so each bundle has its own class. */
const UNREACHABLE = 'StoreUnreachable';

/** The database did not respond or the connection was lost. `cause` is for the log. */
export class StoreUnreachable extends Error {
  override readonly name = UNREACHABLE;
}

/** SQLite's primary result codes for failures of its environment: https://sqlite.org/rescode.html */
const sqliteCodes: ReadonlySet<number> = new Set([
  5, // busy
  6, // locked
  8, // read-only
  10, // I/O error
  11, // corrupt
  13, // full
  14, // cannot open
  26, // not a database
]);

/**
 * PostgreSQL's error codes, or classes of them, for failures of its environment:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const postgresCodes: readonly string[] = [
  '08', // connection
  '25006', // read-only
  '25P03', // idle-in-transaction timeout
  '28', // authorization refused
  '3D', // no such database
  '40001', // serialization failure
  '40P01', // deadlock
  '42501', // permission denied
  '53', // out of disk, memory or connections
  '55P03', // lock timeout
  '57', // statement timeout, shutdown, startup
  '58', // system error such as I/O
  'XX', // internal error, corruption
];

const failureSchema = z.union([
  z.object({ name: z.literal(UNREACHABLE) }),
  z.object({
    code: z.literal('ERR_SQLITE_ERROR'),
    errcode: z.number().refine((code) => sqliteCodes.has(code & 0xff)),
  }),
  // The SQLite connection is closed because this process is exiting.
  z.object({ code: z.literal('ERR_INVALID_STATE') }),
  z.object({
    code: z
      .string()
      .regex(/^[0-9A-Z]{5}$/)
      .refine((code) => postgresCodes.some((known) => code.startsWith(known))),
    severity: z.string(),
  }),
]);

/**
 * Whether an error is a failure of the database (unreachable, full, read-only, locked, slow, corrupt)
 * rather than a bug. Nothing was written, and a later retry may succeed.
 */
export function isStoreFailure(error: unknown): boolean {
  return failureSchema.safeParse(error).success;
}

/** SQLite's result codes that only writes can get. */
const isWriteCode = (code: number) =>
  [8, 13].includes(code & 0xff) || // read-only, full
  code === 778; // SQLITE_IOERR_WRITE: remounted read-only under the open file, quota exceeded

const unwritableSchema = z.union([
  z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.number().refine(isWriteCode) }),
  z.object({ code: z.enum(['25006', '53100']), severity: z.string() }),
]);

/** Whether a database rejects writes but can be read: it or its disk is full, or it is read-only. */
export function isUnwritable(error: unknown): boolean {
  return unwritableSchema.safeParse(error).success;
}

/** Rethrows any error but that of `isUnwritable`: for writes without which reads can go on. */
export function ignoreUnwritable(error: unknown): void {
  if (!isUnwritable(error)) {
    throw error;
  }
}

const duplicateSchema = z.union([
  // SQLITE_CONSTRAINT_UNIQUE
  z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.literal(2067) }),
  z.object({ code: z.literal('23505') }),
]);

/** Whether an error is a violation of a unique index. */
export function isDuplicate(error: unknown): boolean {
  return duplicateSchema.safeParse(error).success;
}
