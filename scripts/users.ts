/** `npm run users`: lists and manages accounts. May be used while the server runs. */
import { parseArgs } from 'node:util';
import type { AccountName } from '#lib/accounts/find.ts';
import {
  type AccountDependencies,
  type AccountError,
  addUser,
  disableUser,
  enableUser,
  exchangeUser,
  listUsers,
  logOutUser,
} from '#lib/accounts/manage.ts';
import { listPasskeys, removePasskeys } from '#lib/accounts/passkeys.ts';
import { deleteUser, exportUser } from '#lib/accounts/personal-data.ts';
import { formatPasskeyTable, formatUserTable, viewPasskey, viewUser } from '#lib/accounts/view.ts';
import { createRequestId } from '#lib/http/request-context.ts';
import { createLog } from '#lib/observe/log.ts';
import { type CountryCode, formatPhoneNumber, parsePhoneNumber } from '#lib/phone/phone-number.ts';
import { systemClock } from '#lib/shared/clock.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { fail, type Result, succeed } from '#lib/shared/result.ts';
import { setOutboxUsed } from '#lib/store/outbox.ts';
import type { User } from '#lib/store/schema.ts';
import { describeNumberError } from './number-error.ts';
import { refuse, runCommand, withStore } from './with-store.ts';

const USAGE = `Usage: npm run users -- <command> [--json]

  list                 list all accounts, including those set aside
  add <number>         create an account, so that the number may log in although SIGNUP is closed
  disable <number>     disable its account; its sessions end with their next request
  enable <number>      enable its account, or bring back the one that was set aside
  logout <number>      end all its sessions; it may log in again
  exchange <account>   bring back the account that was set aside, and set the one in use aside
  export <account>     print everything that is kept about its person, as JSON
  delete <account>     delete it with its sessions, devices, passkeys and attempts; cannot be undone
  passkeys <account>   list its passkeys
  remove-passkeys <account>
                       remove all its passkeys: from then on a call alone opens it without limits

Numbers in any common format: 090-1234-5678, +81 90 1234 5678. <account> is a number, or the id that
list --json shows: so are those named that were set aside.
Reads DATABASE_URL and DEFAULT_COUNTRY, as the server does.
Exit code: 0 done, 1 refused, 2 usage error.`;

/** What was done, for `--json` and for the terminal. */
interface Done {
  json: object;
  /** @param name of the account, as it was given */
  text(name: string): string;
}

/** Makes a command of an operator's function that changes one user. @param done follows the account's name */
const changing =
  <Name>(
    change: (deps: AccountDependencies, name: Name) => Promise<Result<User, AccountError>>,
    done: string,
  ) =>
  async (deps: AccountDependencies, name: Name): Promise<Result<Done, AccountError>> => {
    const user = await change(deps, name);
    return user.ok
      ? succeed({
          json: { status: 'done', user: viewUser(user.value) },
          text: (account) => `${account} ${done}.`,
        })
      : user;
  };

type Command<Name> = (deps: AccountDependencies, name: Name) => Promise<Result<Done, AccountError>>;

const numberCommands = {
  add: changing(addUser, 'may log in'),
  disable: changing(disableUser, 'is disabled and logged out everywhere'),
  enable: changing(enableUser, 'may log in again'),
  logout: changing(logOutUser, 'is logged out everywhere'),
} satisfies Record<string, Command<PhoneNumber>>;

const accountCommands = {
  exchange: changing(exchangeUser, 'was exchanged: the account that was set aside is in use again'),

  'remove-passkeys': changing(removePasskeys, 'has no passkeys any more'),

  async passkeys(deps, name) {
    const passkeys = await listPasskeys(deps, name);
    return passkeys.ok
      ? succeed({
          json: passkeys.value.map(viewPasskey),
          text: () => formatPasskeyTable(passkeys.value),
        })
      : passkeys;
  },

  async export(deps, name) {
    const data = await exportUser(deps, name);
    return data.ok
      ? succeed({ json: data.value, text: () => JSON.stringify(data.value, null, 2) })
      : data;
  },

  async delete(deps, name) {
    const done = await deleteUser(deps, name);
    if (!done.ok) {
      return done;
    }
    const { user, sessions, attempts, events } = done.value;
    return succeed({
      json: {
        status: 'done',
        user: viewUser(user),
        deleted: { sessions, attempts },
        kept: { events },
      },
      text: (account) =>
        `${account} is deleted. Sessions deleted: ${sessions}, attempts deleted: ${attempts}, events kept without device and network: ${events}.`,
    });
  },
} satisfies Record<string, Command<AccountName>>;

const errorTexts: Readonly<Record<AccountError, string>> = {
  user_missing: 'has no account',
  user_exists: 'already has an account; if it is disabled, use enable',
  user_is_set_aside:
    'has only an account that was set aside: no call opens it, and list --json has the id that names it',
  nothing_to_enable: 'has an account that is not disabled',
  nothing_to_exchange: 'has no account that was set aside',
  no_passkeys: 'has no passkeys',
};

/** A UUID. */
const USER_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

process.exitCode = await runCommand(USAGE, readArguments, async ({ options: given, config }) => {
  setOutboxUsed(config.webhook !== null);
  return await withStore(config.store, given.isJson, async (store) => {
    const log = createLog(process.stderr).child({ request: createRequestId() });
    const done = await run({ store, clock: systemClock, log }, given, config.defaultCountry);
    if (!done.ok) {
      return refuse(given.isJson, done.error.code, done.error.text);
    }
    console.log(given.isJson ? JSON.stringify(done.value.json) : done.value.text);
    return 0;
  });
});

interface Refusal {
  code: string;
  text: string;
}

/** @returns what was done, for `--json` and for the terminal. */
async function run(
  deps: AccountDependencies,
  { command, account }: Arguments,
  country: CountryCode,
): Promise<Result<{ json: object; text: string }, Refusal>> {
  if (command === 'list') {
    const users = await listUsers(deps);
    return succeed({ json: users.map(viewUser), text: formatUserTable(users, country) });
  }
  const finish = (name: string, done: Result<Done, AccountError>) =>
    done.ok
      ? succeed({ json: done.value.json, text: done.value.text(name) })
      : fail({ code: done.error, text: `${name} ${errorTexts[done.error]}.` });

  if (isKeyOf(accountCommands, command) && USER_ID.test(account)) {
    return finish(`Account ${account}`, await accountCommands[command](deps, { id: account }));
  }
  const phoneNumber = parsePhoneNumber(account, country);
  if (!phoneNumber.ok) {
    const { error } = phoneNumber;
    return fail({ code: error.code, text: describeNumberError(error, country) });
  }
  return finish(
    formatPhoneNumber(phoneNumber.value, country),
    isKeyOf(accountCommands, command)
      ? await accountCommands[command](deps, { phoneNumber: phoneNumber.value })
      : await numberCommands[command](deps, phoneNumber.value),
  );
}

interface Arguments {
  command: keyof typeof numberCommands | keyof typeof accountCommands | 'list';
  /** A phone number or an id; empty for `list`. */
  account: string;
  isJson: boolean;
}

/** @returns null on a usage error. */
function readArguments(args: string[]): Arguments | null {
  const { values, positionals } = parseArgs({
    args,
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const isJson = values.json;
  const [command = '', ...rest] = positionals;
  // A number with spaces needs no quotes.
  const account = rest.join(' ');
  if (command === 'list') {
    return account === '' ? { command, account, isJson } : null;
  }
  return (isKeyOf(numberCommands, command) || isKeyOf(accountCommands, command)) && account !== ''
    ? { command, account, isJson }
    : null;
}

function isKeyOf<Key extends string>(table: Record<Key, unknown>, key: string): key is Key {
  return Object.hasOwn(table, key);
}
