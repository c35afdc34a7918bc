/** `npm run report`: prints what became of the attempts of the last days. May be used while the server runs. */
import { parseArgs } from 'node:util';
import { systemClock } from '#lib/shared/clock.ts';
import { readEvents } from '#lib/store/read-events.ts';
import { formatFunnel, readFunnel, startOfDay } from './funnel.ts';
import { runCommand, withStore } from './with-store.ts';

const DEFAULT_DAYS = 7;

const USAGE = `Usage: npm run report -- [--days <1 to 365>] [--json]

Prints for each of the last days (${DEFAULT_DAYS} by default) how many attempts were started, verified by a call, logged
in, expired, cancelled, contested, or failed, and why. Days begin at midnight in the time zone of this process:
TZ=Asia/Tokyo sets it. An attempt whose page was closed is not ended by anybody and stays started.
Reads DATABASE_URL, as the server does. Exit code: 0 done, 1 refused, 2 usage error.`;

process.exitCode = await runCommand(USAGE, readOptions, async ({ options, config }) => {
  const { days, isJson } = options;
  return await withStore(config.store, isJson, async (store) => {
    const nowMs = systemClock.now();
    const events = readEvents(store, startOfDay(nowMs, days - 1));
    const funnel = await readFunnel(events, { nowMs, days });
    console.log(isJson ? JSON.stringify(funnel) : formatFunnel(funnel));
    return 0;
  });
});

function readOptions(args: string[]): { days: number; isJson: boolean } | null {
  const { values } = parseArgs({
    args,
    options: {
      days: { type: 'string', default: String(DEFAULT_DAYS) },
      json: { type: 'boolean', default: false },
    },
  });
  const isAllowed = /^[1-9]\d{0,2}$/.test(values.days) && Number(values.days) <= 365;
  return isAllowed ? { days: Number(values.days), isJson: values.json } : null;
}
