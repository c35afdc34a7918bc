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
 * Names statements, so that PostgreSQL parses and plans them once for each connection. Behind a pooler the next
 * transaction has another connection, so they are named only where there is none: a pooler hands out a process id of its
 * own making, for clients to cancel statements by.
 */
export class StatementNaming {
  readonly #direct = new WeakMap<Client, boolean>();
  readonly #names = new Map<string, string>();
  #isMisled = false;

  /** Finds out whether a connection is one to PostgreSQL itself. */
  async learn(client: Client): Promise<void> {
    if (!this.#direct.has(client)) {
      const { rows } = await client.query<{ pid: number }>({
        text: 'select pg_backend_pid() as pid',
        values: [],
      });
      this.#direct.set(client, rows[0]?.pid === client.processID);
    }
  }

  /**
   * @returns null for a statement without a name. One with a `*` gets none: its result changes once a migration adds a
   * column, which PostgreSQL refuses to a named one.
   */
  nameOf(client: Client, sql: string, parameters: readonly unknown[]): string | null {
    if (this.#isMisled || this.#direct.get(client) !== true || parameters.length === 0) {
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

  /** Gives names up where there is a pooler after all. @returns whether that is the cause of an error. */
  isMisled(error: unknown): boolean {
    const isCause = error instanceof pg.DatabaseError && misnamedCodes.has(error.code);
    this.#isMisled ||= isCause;
    return isCause;
  }
}
