/** `npm run prune`: deletes what is past its retention, once. May be used while the server runs. */
import { parseArgs } from 'node:util';
import { systemClock } from '#lib/shared/clock.ts';
import { keepMsOf, sweep } from '#lib/store/sweep.ts';
import { runCommand, withStore } from './with-store.ts';

const USAGE = `Usage: npm run prune -- [--json]

Deletes attempts, sessions, events, limits and webhook messages that are past their retention, as every
server does about once an hour. Reads DATABASE_URL, ATTEMPT_RETENTION_DAYS and EVENT_RETENTION_DAYS, as the server does.
Exit code: 0 done, 1 not done, 2 usage error.`;

const readOptions = (args: string[]) =>
  parseArgs({ args, options: { json: { type: 'boolean', default: false } } }).values;

process.exitCode = await runCommand(USAGE, readOptions, async ({ options, config }) => {
  const isJson = options.json;
  return await withStore(config.store, isJson, async (store) => {
    const keepMs = keepMsOf(config.retention);
    const deleted = await sweep({ store, clock: systemClock, keepMs });
    const counts = Object.entries(deleted).map(([table, count]) => `${table} ${count}`);
    console.log(isJson ? JSON.stringify(deleted) : `Deleted: ${counts.join(', ')}.`);
    return 0;
  });
});
