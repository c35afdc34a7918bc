/** `npm run prune`: deletes what is past its retention, once. May be used while the server runs. */
import { parseArgs } from 'node:util';
import nextEnv from '@next/env';
import { describeFaults, readPruneConfig } from '#lib/config/config.ts';
import { systemClock } from '#lib/shared/clock.ts';
import { describeStoreFailure } from '#lib/store/describe-failure.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import { openStore, prepareStore } from '#lib/store/open.ts';
import type { Store } from '#lib/store/schema.ts';
import { keepMsOf, sweep } from '#lib/store/sweep.ts';

const USAGE = `Usage: npm run prune -- [--json]

Deletes attempts, sessions, events, limits and webhook messages that are past their retention, as every
server does about once an hour. Reads DATABASE_URL, ATTEMPT_RETENTION_DAYS and EVENT_RETENTION_DAYS, as the server does.
Exit code: 0 done, 1 not done, 2 usage error.`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const isJson = readIsJson(args);
  if (isJson === null) {
    console.error(USAGE);
    return 2;
  }
  nextEnv.loadEnvConfig('.');
  const config = readPruneConfig(process.env);
  if (!config.ok) {
    console.error(describeFaults(config.error));
    return 1;
  }
  let store: Store | undefined;
  try {
    store = openStore(config.value.store);
    await prepareStore(config.value.store, store);
    const keepMs = keepMsOf(config.value.retention);
    const deleted = await sweep({ store, clock: systemClock, keepMs });
    const counts = Object.entries(deleted).map(([table, count]) => `${table} ${count}`);
    console.log(isJson ? JSON.stringify(deleted) : `Deleted: ${counts.join(', ')}.`);
    return 0;
  } catch (error) {
    if (!isStoreFailure(error)) {
      throw error;
    }
    console.error(describeStoreFailure(error, config.value.store));
    return 1;
  } finally {
    await store?.destroy();
  }
}

/** Whether JSON is wanted; null on a usage error. */
function readIsJson(args: string[]): boolean | null {
  try {
    return parseArgs({ args, options: { json: { type: 'boolean' } } }).values.json ?? false;
  } catch {
    return null;
  }
}
