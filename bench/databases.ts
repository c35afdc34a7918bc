import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { createDatabase, execute, startPostgres } from '#tests/support/postgres.ts';
import { fillStore } from './servers.ts';

/** A PostgreSQL server that waits for the disk, as in production. */
export interface PostgresUnderLoad {
  /** Of the postmaster: the processes of the connections are its children. */
  pid: number;
  /** Creates a database with this many users and audit events. @returns its address. */
  createStore(users?: number, events?: number): Promise<string>;
  remove(): Promise<void>;
}

/** A connection that becomes idle within a second of its last report holds the next one back for ten seconds. */
const STATISTICS_DELAY_MS = 11_000;

/** How many transactions a database has committed, those that only read included. */
export async function countCommits(url: string): Promise<number> {
  await delay(STATISTICS_DELAY_MS);
  const [row] = z
    .array(z.object({ count: z.coerce.number() }))
    .parse(
      await execute(
        url,
        'select xact_commit as count from pg_stat_database where datname = current_database()',
      ),
    );
  return row?.count ?? 0;
}

const DURABLE = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on'];

export async function startPostgresUnderLoad(): Promise<PostgresUnderLoad> {
  const server = await startPostgres({ settings: [...DURABLE, 'shared_buffers=512MB'] });
  const rows = z
    .array(z.object({ data_directory: z.string() }))
    .parse(await execute(server.url, 'show data_directory'));
  const pidFile = readFileSync(join(rows[0]?.data_directory ?? '', 'postmaster.pid'), 'utf8');
  return {
    pid: Number(pidFile.split('\n')[0]),
    createStore: async (users, events) => {
      const url = await createDatabase(server.url);
      fillStore(url, users, events);
      return url;
    },
    remove: server.remove,
  };
}
