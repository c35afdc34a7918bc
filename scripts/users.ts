/** `npm run users`: lists and manages accounts. May be used while the server runs. */
import { parseArgs } from 'node:util';
import nextEnv from '@next/env';
import {
  type AccountError,
  addUser,
  disableUser,
  enableUser,
  listUsers,
  logOutUser,
} from '#lib/accounts/manage.ts';
import { formatUserTable, viewUser } from '#lib/accounts/view.ts';
import { describeFaults, readUsersConfig } from '#lib/config/config.ts';
import { createRequestId } from '#lib/http/request-context.ts';
import { createLog } from '#lib/observe/log.ts';
import { formatPhoneNumber, parsePhoneNumber } from '#lib/phone/phone-number.ts';
import { systemClock } from '#lib/shared/clock.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import { openStore, prepareStore } from '#lib/store/open.ts';
import { describeNumberError } from './number-error.ts';

const USAGE = `Usage: npm run users -- <command> [--json]

  list               list all accounts, including those set aside
  add <number>       create an account, so that the number may log in although SIGNUP is closed
  disable <number>   disable its account; its sessions end with their next request
  enable <number>    enable its account, or bring back the one that was set aside
  logout <number>    end all its sessions; it may log in again

Numbers in any common format: 090-1234-5678, +81 90 1234 5678.
Reads DATABASE_URL and DEFAULT_COUNTRY, as the server does.
Exit code: 0 done, 1 refused, 2 usage error.`;

const commands = {
  add: { run: addUser, done: 'may log in' },
  disable: { run: disableUser, done: 'is disabled and logged out everywhere' },
  enable: { run: enableUser, done: 'may log in again' },
  logout: { run: logOutUser, done: 'is logged out everywhere' },
};

const errorTexts: Readonly<Record<AccountError, string>> = {
  user_missing: 'has no account',
  user_exists: 'already has an account; if it is disabled, use enable',
  user_is_set_aside: 'has only an account that was set aside, which cannot be used to log in',
  nothing_to_enable: 'has an account that is not disabled',
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const given = readArguments(args);
  if (given === null) {
    console.error(USAGE);
    return 2;
  }
  nextEnv.loadEnvConfig('.', process.env.NODE_ENV === 'development');
  const config = readUsersConfig(process.env);
  if (!config.ok) {
    console.error(describeFaults(config.error));
    return 1;
  }
  const { defaultCountry } = config.value;
  const { command, phoneNumberInput, isJson } = given;
  const refuse = (code: string, text: string) => {
    if (isJson) {
      console.log(JSON.stringify({ status: 'refused', code, error: text }));
    } else {
      console.error(text);
    }
    return 1;
  };
  const phoneNumber =
    phoneNumberInput === null ? null : parsePhoneNumber(phoneNumberInput, defaultCountry);
  if (phoneNumber?.ok === false) {
    const { error } = phoneNumber;
    return refuse(error.code, describeNumberError(error, defaultCountry));
  }

  const store = openStore(config.value.store);
  try {
    await prepareStore(config.value.store, store);
    const log = createLog(process.stderr).child({ request: createRequestId() });
    const deps = { store, clock: systemClock, log };
    if (phoneNumber === null || command === 'list') {
      const users = await listUsers(deps);
      console.log(
        isJson ? JSON.stringify(users.map(viewUser)) : formatUserTable(users, defaultCountry),
      );
      return 0;
    }
    const { run, done } = commands[command];
    const outcome = await run(deps, phoneNumber.value);
    const name = formatPhoneNumber(phoneNumber.value, defaultCountry);
    if (!outcome.ok) {
      return refuse(outcome.error, `${name} ${errorTexts[outcome.error]}.`);
    }
    console.log(
      isJson
        ? JSON.stringify({ status: 'done', user: viewUser(outcome.value) })
        : `${name} ${done}.`,
    );
    return 0;
  } catch (error) {
    if (!isStoreFailure(error)) {
      throw error;
    }
    return refuse('store_unavailable', `The database cannot be used: ${String(error)}`);
  } finally {
    await store.destroy();
  }
}

interface Arguments {
  command: keyof typeof commands | 'list';
  /** Null for `list`. */
  phoneNumberInput: string | null;
  isJson: boolean;
}

/** @returns null on a usage error. */
function readArguments(args: string[]): Arguments | null {
  const { json, words } = parseWords(args);
  const [command, ...number] = words;
  if (json === null) {
    return null;
  }
  if (command === 'list' && number.length === 0) {
    return { command, phoneNumberInput: null, isJson: json };
  }
  // A number with spaces needs no quotes.
  return isCommand(command) && number.length > 0
    ? { command, phoneNumberInput: number.join(' '), isJson: json }
    : null;
}

function parseWords(args: string[]): { json: boolean | null; words: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { json: { type: 'boolean' } },
      allowPositionals: true,
    });
    return { json: values.json ?? false, words: positionals };
  } catch {
    return { json: null, words: [] };
  }
}

function isCommand(text: string | undefined): text is keyof typeof commands {
  return text !== undefined && Object.hasOwn(commands, text);
}

