/** `npm run events`: prints the audit log. May be used while the server runs. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { referenceOf } from '#lib/observe/log.ts';
import { systemClock } from '#lib/shared/clock.ts';
import { readEvents } from '#lib/store/read-events.ts';
import type { Store, StoredEvent } from '#lib/store/schema.ts';
import { runCommand, withStore } from './with-store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

const USAGE = `Usage: npm run events -- [--since <date>] [--json]

Prints the audit log, oldest first, one event per line. <date> is 2026-01-31 (in UTC) or
2026-01-31T09:00:00+09:00; a day ago by default. --json prints one JSON object per line.
"attempt" and "user" are the references of the server's log; "user_id" is the id of npm run users.
Reads DATABASE_URL, as the server does. Exit code: 0 done, 1 refused, 2 usage error.`;

const sinceSchema = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

process.exitCode = await runCommand(USAGE, readOptions, async ({ options, config }) => {
  const { sinceMs, isJson } = options;
  return await withStore(config.store, isJson, async (store) => {
    // Reads no faster than the output is taken.
    await pipeline(Readable.from(linesOf(store, sinceMs, isJson)), process.stdout, {
      end: false,
    }).catch(ignoreClosedOutput);
    return 0;
  });
});

function readOptions(args: string[]): { sinceMs: number; isJson: boolean } {
  const { values } = parseArgs({
    args,
    options: { since: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const sinceMs =
    values.since === undefined
      ? systemClock.now() - DAY_MS
      : Date.parse(sinceSchema.parse(values.since));
  return { sinceMs, isJson: values.json };
}

async function* linesOf(store: Store, sinceMs: number, isJson: boolean): AsyncGenerator<string> {
  for await (const event of readEvents(store, sinceMs)) {
    const view = viewEvent(event);
    yield `${isJson ? JSON.stringify(view) : formatEvent(view)}\n`;
  }
}

function viewEvent(event: StoredEvent) {
  const { id, type, attempt_id, user_id, reason, device, network } = event;
  return {
    id,
    at: new Date(event.at).toISOString(),
    type,
    attempt: attempt_id === null ? null : referenceOf(attempt_id),
    user: user_id === null ? null : referenceOf(user_id),
    user_id,
    reason,
    device,
    network,
  };
}

function formatEvent({ at, type, id: _, user_id: __, ...others }: ReturnType<typeof viewEvent>) {
  const details = Object.entries(others).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  );
  return [at, type, ...details].join('  ');
}

/** Whoever reads the output may stop, as `head` does. */
function ignoreClosedOutput(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) {
    throw error;
  }
}
