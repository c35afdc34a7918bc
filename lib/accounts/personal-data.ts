import 'server-only';
import { type Result, succeed } from '../shared/result.ts';
import { auditedTransaction } from '../store/audit.ts';
import { findDevices } from '../store/devices.ts';
import { findPasskeys } from '../store/passkeys.ts';
import {
  clearClientsOf,
  deleteAttemptsOf,
  deleteUserRow,
  findAttemptsOf,
  findEventsOf,
} from '../store/personal-data.ts';
import type { User } from '../store/schema.ts';
import { deleteSessionsOf, findSessions } from '../store/sessions.ts';
import { type AccountName, findAccount } from './find.ts';
import type { AccountDependencies } from './manage.ts';
import { instant, viewUser } from './view.ts';

/** A row as its person is given it: without the columns that are left out, instants in ISO 8601. */
type RowView = Record<string, string | number | null>;

/** Everything that is kept about one person. */
interface PersonalData {
  /** As `npm run users -- list --json` shows it, with the columns that are not shown there. */
  user: ReturnType<typeof viewUser> & RowView;
  sessions: RowView[];
  devices: RowView[];
  passkeys: RowView[];
  attempts: RowView[];
  events: RowView[];
}

/** What was deleted with a user, in rows. */
interface Deleted {
  user: User;
  sessions: number;
  attempts: number;
  /** They stay, without device and network. */
  events: number;
}

/**
 * Reads everything that is kept about the person of an account, except hashes of tokens, which identify nobody,
 * and the server's schedule of checks.
 */
export async function exportUser(
  { store }: AccountDependencies,
  name: AccountName,
): Promise<Result<PersonalData, 'user_missing' | 'user_is_set_aside'>> {
  return await store.transaction().execute(async (transaction) => {
    const found = await findAccount(transaction, name);
    if (!found.ok) {
      return found;
    }
    const user = found.value;
    const { id } = user;
    return succeed({
      user: { ...viewRow(user, []), ...viewUser(user) },
      sessions: viewRows(await findSessions(transaction, id), ['id_hash', 'user_id']),
      devices: viewRows(await findDevices(transaction, id), ['user_id']),
      passkeys: viewRows(await findPasskeys(transaction, id), ['user_id']),
      attempts: viewRows(await findAttemptsOf(transaction, id), [
        'token_hash',
        'callback_token_hash',
        'handoff_hash',
        'browser_hash',
        'browser_token_hash',
        'start_number',
        'next_check_at',
        'check_leased_until',
        'check_failures',
      ]),
      events: viewRows(await findEventsOf(transaction, id), ['id', 'user_id']),
    });
  });
}

/**
 * Deletes an account with its sessions, devices, passkeys and the attempts of its number. Its events stay, without
 * device and network, and one more says that it was deleted: whoever can delete an account must not be able to
 * delete their own traces. No row leads from its id to a phone number any more.
 */
export async function deleteUser(
  deps: AccountDependencies,
  name: AccountName,
): Promise<Result<Deleted, 'user_missing' | 'user_is_set_aside'>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    const found = await findAccount(transaction, name);
    if (!found.ok) {
      return found;
    }
    const { id } = found.value;
    const events = await clearClientsOf(transaction, id);
    const attempts = await deleteAttemptsOf(transaction, id);
    const sessions = await deleteSessionsOf(transaction, id);
    await deleteUserRow(transaction, id);
    record({ at: deps.clock.now(), type: 'user_deleted', userId: id });
    return succeed({ user: found.value, sessions, attempts, events });
  });
}

const viewRows = <Row extends object>(
  rows: readonly Row[],
  leftOut: readonly (keyof Row & string)[],
): RowView[] => rows.map((row) => viewRow(row, leftOut));

/** Columns that a migration adds are shown unless they are left out. */
function viewRow<Row extends object>(row: Row, leftOut: readonly (keyof Row & string)[]): RowView {
  const hidden: ReadonlySet<string> = new Set(leftOut);
  return Object.fromEntries(
    Object.entries(row)
      .filter(([column]) => !hidden.has(column))
      .map(([column, value]) => [column, viewValue(column, value)]),
  );
}

function viewValue(column: string, value: unknown): string | number | null {
  if (typeof value === 'number') {
    return /(^|_)at$/.test(column) ? instant(value) : value;
  }
  return value === null ? null : String(value);
}
