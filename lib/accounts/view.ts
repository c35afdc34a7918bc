import 'server-only';
import { referenceOf } from '../observe/log.ts';
import { type CountryCode, formatPhoneNumber } from '../phone/phone-number.ts';
import type { Passkey, User } from '../store/schema.ts';

/**
 * A user in the output of `npm run users -- list --json`: `log_reference` is what stands for the user in the
 * server's log; instants are ISO 8601.
 */
export function viewUser(user: User) {
  return {
    id: user.id,
    log_reference: referenceOf(user.id),
    phone_number: user.phone_number,
    state: stateOf(user),
    created_at: instant(user.created_at),
    last_login_at: user.last_login_at === null ? null : instant(user.last_login_at),
    last_active_at: instant(user.last_active_at),
    disabled_at: user.disabled_at === null ? null : instant(user.disabled_at),
    set_aside_at: user.set_aside_at === null ? null : instant(user.set_aside_at),
  };
}

/**
 * A passkey in the output of `npm run users -- passkeys --json`: one that `is_synced` can be copied to other
 * devices; instants are ISO 8601.
 */
export function viewPasskey(passkey: Passkey) {
  const { id, name, device } = passkey;
  return {
    id,
    name,
    device,
    is_synced: passkey.device_type === 'multiDevice',
    created_at: instant(passkey.created_at),
    last_used_at: passkey.last_used_at === null ? null : instant(passkey.last_used_at),
  };
}

/** Formats the users as a table for the terminal, one per line below a heading. */
export function formatUserTable(users: readonly User[], country: CountryCode): string {
  return formatTable([
    ['PHONE NUMBER', 'STATE', 'SINCE', 'LAST LOGIN', 'LAST ACTIVE'],
    ...users.map((user) => [
      formatPhoneNumber(user.phone_number, country),
      stateOf(user).replace('_', ' '),
      minute(user.created_at),
      user.last_login_at === null ? 'never' : minute(user.last_login_at),
      minute(user.last_active_at),
    ]),
  ]);
}

/** Formats the passkeys of an account as a table for the terminal. */
export function formatPasskeyTable(passkeys: readonly Passkey[]): string {
  return formatTable([
    ['NAME', 'ADDED WITH', 'SINCE', 'LAST USED'],
    ...passkeys.map(({ name, device, created_at, last_used_at }) => [
      name,
      device,
      minute(created_at),
      last_used_at === null ? 'never' : minute(last_used_at),
    ]),
  ]);
}

/** One row per line, in columns as wide as their widest cell. */
function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function stateOf(user: User): 'active' | 'disabled' | 'set_aside' {
  if (user.set_aside_at !== null) {
    return 'set_aside';
  }
  return user.disabled_at === null ? 'active' : 'disabled';
}

/** An instant in ISO 8601. @param at milliseconds since 1970 */
export function instant(at: number): string {
  return new Date(at).toISOString();
}

/** `2026-11-01 09:30Z`: independent of locale and time zone, and sortable. */
function minute(at: number): string {
  return `${instant(at).slice(0, 16).replace('T', ' ')}Z`;
}
