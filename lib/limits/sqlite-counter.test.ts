import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createSqliteCounters } from './sqlite-counter.ts';

it('a flood of counts, refused ones included, leaves files of a few megabytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'limits');
  const counter = createSqliteCounters(path)('network', { count: 10, seconds: 600 });
  let refused = 0;
  for (let count = 0; count < 5_000; count += 1) {
    const key = count % 2 === 0 ? '192.0.2.1' : `192.0.2.${count}`;
    if ((await counter.consume(key)) !== null) {
      refused += 1;
      await counter.refund(key);
    }
  }
  expect(refused).toBeGreaterThan(2_000);
  // SQLite checkpoints at a thousand pages of 4 KiB.
  expect((await stat(`${path}-wal`)).size).toBeLessThan(8 * 1024 * 1024);
});
