/** `npm run prune`: deletes what is past its retention, once. May be used while the server runs. */
import { parseArgs } from 'node:util';
import { systemClock } from '#lib/shared/clock.ts';
import { keepMsOf, sweep } from '#lib/store/sweep.ts';
import { loadCommandConfig, USAGE_ERROR, withStore } from './with-store.ts';

const USAGE = `Usage: npm run prune -- [--json]

Deletes attempts, sessions, events, limits and webhook messages that are past their retention, as every
server does about once an hour. Reads DATABASE_URL, ATTEMPT_RETENTION_DAYS and EVENT_RETENTION_DAYS, as the server does.
Exit code: 0 done, 1 not done, 2 usage error.`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const isJson = readIsJson(args);
  if (isJson === null) {
    console.error(USAGE);
    return USAGE_ERROR;
  }
  const config = loadCommandConfig();
  if (config === null) {
    return 1;
  }
  return await withStore(config.store, isJson, async (store) => {
    const keepMs = keepMsOf(config.retention);
    const deleted = await sweep({ store, clock: systemClock, keepMs });
    const counts = Object.entries(deleted).map(([table, count]) => `${table} ${count}`);
    console.log(isJson ? JSON.stringify(deleted) : `Deleted: ${counts.join(', ')}.`);
    return 0;
  });
}

/** Whether JSON is wanted; null on a usage error. */
function readIsJson(args: string[]): boolean | null {
  try {
    return parseArgs({ args, options: { json: { type: 'boolean' } } }).values.json ?? false;
  } catch {
    return null;
  }
}
