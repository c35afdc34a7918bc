import nextEnv from '@next/env';
import { describeFaults, readCommandConfig } from '#lib/config/config.ts';
import { describeStoreFailure } from '#lib/store/describe-failure.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import type { Migrated } from '#lib/store/migrate.ts';
import { openStore, prepareStore, type StorePlace } from '#lib/store/open.ts';
import type { Store } from '#lib/store/schema.ts';

/** The exit code after printing the usage. */
export const USAGE_ERROR = 2;

/**
 * Reads what a command needs of the environment and of the `.env` files that the server also reads.
 *
 * @returns null where it is wrong; each fault is printed.
 */
export function loadCommandConfig() {
  nextEnv.loadEnvConfig('.', process.env.NODE_ENV === 'development');
  const config = readCommandConfig(process.env);
  if (config.ok) {
    return config.value;
  }
  console.error(describeFaults(config.error));
  return null;
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
