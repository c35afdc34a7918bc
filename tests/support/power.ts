import fs, { copyFileSync, fstatSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Store } from '#lib/store/schema.ts';
import { openSqlite } from '#lib/store/sqlite.ts';

/** What is surely on disk of a SQLite database: its files as they were when they were last flushed. */
export interface FlushedDatabase {
  /** How often its log was flushed. */
  flushes(): number;
  /** Runs before each flush; a promise delays it, and a rejection makes it fail. */
  beforeFlush(work: () => Promise<void>): void;
  /** Opens what a power failure at this moment would leave. */
  afterPowerFailure(): Store;
}

/**
 * Follows the flushes of a database.
 *
 * @param path of its file. Nothing may be committed and expected to be lost before this call.
 */
export async function followFlushes(path: string): Promise<FlushedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-flushed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let flushes = 0;
  let before = async () => {};
  const keep = () => {
    for (const suffix of ['', '-wal']) {
      copyFileSync(path + suffix, join(folder, `${flushes}.db${suffix}`));
    }
  };
  keep();
  const { fdatasync } = fs;
  const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((file, callback) => {
    if (fstatSync(file).ino !== statSync(`${path}-wal`).ino) {
      fdatasync(file, callback);
      return;
    }
    before().then(() => {
      // What is committed during the flush need not be on disk after it.
      flushes += 1;
      keep();
      fdatasync(file, callback);
    }, callback);
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  return {
    flushes: () => flushes,
    beforeFlush(work) {
      before = work;
    },
    afterPowerFailure() {
      const store = openSqlite(join(folder, `${flushes}.db`));
      onTestFinished(() => store.destroy());
      return store;
    },
  };
}
