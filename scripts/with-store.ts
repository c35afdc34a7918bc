import nextEnv from '@next/env';
import { type CommandConfig, describeFaults, readCommandConfig } from '#lib/config/config.ts';
import { describeStoreFailure } from '#lib/store/describe-failure.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import type { Migrated } from '#lib/store/migrate.ts';
import { openStore, prepareStore, type StorePlace } from '#lib/store/open.ts';
import type { Store } from '#lib/store/schema.ts';

/** The exit code after printing the usage. */
const USAGE_ERROR = 2;

/** What a command is given: its options, and what it needs of the environment. */
interface Given<Options> {
  options: Options;
  config: CommandConfig;
}

/**
 * Runs a command: reads its arguments, the environment, and the `.env` files that the server also reads.
 *
 * @param readOptions returns null or throws on a usage error, after which the usage is printed.
 * @param work returns the exit code.
 * @returns that; 1 where the environment is wrong, each fault of which is printed.
 */
export async function runCommand<Options>(
  usage: string,
  readOptions: (args: string[]) => Options | null,
  work: (given: Given<Options>) => Promise<number>,
): Promise<number> {
  let options: Options | null = null;
  try {
    options = readOptions(process.argv.slice(2));
  } catch {
    // An argument that is not known.
  }
  if (options === null) {
    console.error(usage);
    return USAGE_ERROR;
  }
  nextEnv.loadEnvConfig('.', process.env.NODE_ENV === 'development');
  const config = readCommandConfig(process.env);
  if (!config.ok) {
    console.error(describeFaults(config.error));
    return 1;
  }
  return await work({ options, config: config.value });
}

/**
 * Does something with a database, brought up to date, and closes it.
 *
 * @param work returns the exit code.
 * @returns that, or 1 where the database cannot be used.
 */
export async function withStore(
  place: StorePlace,
  isJson: boolean,
  work: (store: Store, migrated: Migrated) => Promise<number>,
): Promise<number> {
  let store: Store | undefined;
  try {
    store = openStore(place);
    return await work(store, await prepareStore(place, store));
  } catch (error) {
    if (!isStoreFailure(error)) {
      throw error;
    }
    return refuse(isJson, 'store_unavailable', describeStoreFailure(error, place));
  } finally {
    await store?.destroy();
  }
}

/** Prints why a command is refused. @returns the exit code. */
export function refuse(isJson: boolean, code: string, text: string): number {
  if (isJson) {
    console.log(JSON.stringify({ status: 'refused', code, error: text }));
  } else {
    console.error(text);
  }
  return 1;
}
