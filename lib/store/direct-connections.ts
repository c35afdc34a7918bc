import 'server-only';
import { createHash } from 'node:crypto';
import type { PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';

/** What is used of a client of `pg`, with the rows as Kysely types them. */
export interface Client extends Pick<PostgresPoolClient, 'processID' | 'release'> {
  query<R>(query: {
    name?: string;
    text: string;
    values: unknown[];
  }): Promise<PostgresQueryResult<R>>;
}

/** How many statements each connection remembers: more than there are. */
const MAX_NAMED = 300;

/** What PostgreSQL answers where a pooler has given us a connection that another client has named statements on. */
const misnamedCodes: ReadonlySet<string | undefined> = new Set([
  '26000', // there is no statement of this name
  '42P05', // there is one already
]);

/**
 * Tells connections to PostgreSQL itself from those to a pooler, by which the next transaction may get another one: what is
 * set on a connection, and the name of a statement, hold only on the former. A pooler announces a process id of its own
 * making, for clients to cancel statements by.
 */
export class DirectConnections {
  readonly #direct = new WeakMap<Client, boolean>();
  readonly #names = new Map<string, string>();
  #isMisled = false;

  /** Finds out what a connection is. The commits of a direct one do not wait for the disk: see `durableTransaction`. */
  async learn(client: Client): Promise<void> {
    if (!this.#direct.has(client)) {
      const run = async <R>(text: string) => (await client.query<R>({ text, values: [] })).rows;
      const [row] = await run<{ pid: number }>('select pg_backend_pid() as pid');
      const isDirect = row?.pid === client.processID;
      if (isDirect) {
        await run('set synchronous_commit = off; set enable_seqscan = off');
      }
      this.#direct.set(client, isDirect);
    }
  }

  has(client: Client): boolean {
    return !this.#isMisled && this.#direct.get(client) === true;
  }

  /**
   * The name of a statement, by which PostgreSQL parses and plans it once for each connection.
   *
   * @returns null for a statement without one: on a connection that is not direct, without parameters, or with a `*`, whose
   * result changes once a migration adds a column, which PostgreSQL refuses to a named one.
   */
  nameOf(client: Client, sql: string, parameters: readonly unknown[]): string | null {
    if (!this.has(client) || parameters.length === 0) {
      return null;
    }
    const known = this.#names.get(sql);
    if (known !== undefined || sql.includes('*') || this.#names.size >= MAX_NAMED) {
      return known ?? null;
    }
    const name = createHash('sha256').update(sql).digest('base64url');
    this.#names.set(sql, name);
    return name;
  }

  /** Takes no connection for direct any more if there is a pooler after all. @returns whether that caused an error. */
  isMisled(error: unknown): boolean {
    const isCause = error instanceof pg.DatabaseError && misnamedCodes.has(error.code);
    this.#isMisled ||= isCause;
    return isCause;
  }
}
