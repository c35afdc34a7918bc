import nextEnv from '@next/env';
import { describeFaults, readUsersConfig } from '#lib/config/config.ts';
import { describeStoreFailure } from '#lib/store/describe-failure.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import { openStore, prepareStore } from '#lib/store/open.ts';
import type { Store } from '#lib/store/schema.ts';

/** The exit code after printing the usage. */
export const USAGE_ERROR = 2;

/**
 * Does something with the database that the server uses, and closes it.
 *
 * @param isJson whether a refusal is printed as JSON too.
 * @returns the exit code: 0, or 1 where the configuration or the database cannot be used, which is printed.
 */
export async function withStore(
  isJson: boolean,
  work: (store: Store) => Promise<void>,
): Promise<number> {
  nextEnv.loadEnvConfig('.');
  const config = readUsersConfig(process.env);
  if (!config.ok) {
    console.error(describeFaults(config.error));
    return 1;
  }
  let store: Store | undefined;
  try {
    store = openStore(config.value.store);
    await prepareStore(config.value.store, store);
    await work(store);
    return 0;
  } catch (error) {
    if (!isStoreFailure(error)) {
      throw error;
    }
    const text = describeStoreFailure(error, config.value.store);
    if (isJson) {
      console.log(JSON.stringify({ status: 'refused', code: 'store_unavailable', error: text }));
    } else {
      console.error(text);
    }
    return 1;
  } finally {
    await store?.destroy();
  }
}
