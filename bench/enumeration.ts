/**
 * `node --conditions=react-server bench/enumeration.ts [pairs]`: whether response times reveal that a
 * number has an account. Starts attempts for numbers with and without one, in random order, against
 * the production build, and compares the times.
 */
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { insertUser, setUserState } from '#lib/store/users.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { Visitor } from '#tests/support/visitor.ts';
import { median } from './statistics.ts';

const PAIRS = Number(process.argv[2] ?? 1_000);
const WARM_UP = 50;
const kinds = ['unknown', 'known', 'disabled', 'unknown again'] as const;

const sandbox = await startSandbox({ callbacks: 'off' });
const app = await startAppServer(sandbox.url, {
  STATUS_WAIT_SECONDS: '0',
  START_LIMIT_TOTAL: '1000000/3600',
});
await new Visitor(app.origin).fetch('/api/health');
const store = openSqlite(app.databasePath);

const times = { start: new Map<string, number[]>(), status: new Map<string, number[]>() };
// Created beforehand: a write of this process would slow down the server's next one.
const rounds = await store.transaction().execute(async (transaction) => {
  const prepared = [];
  for (let serial = 10_000_000; prepared.length < PAIRS + WARM_UP; ) {
    const round = [];
    for (const kind of kinds) {
      serial += 1;
      const phoneNumber = phoneNumberSchema.parse(`+8190${serial}`);
      if (kind === 'known' || kind === 'disabled') {
        await insertUser(transaction, { id: `user ${serial}`, phoneNumber, createdAt: Date.now() });
      }
      if (kind === 'disabled') {
        await setUserState(transaction, `user ${serial}`, { disabled_at: Date.now() });
      }
      round.push({ kind, phoneNumber });
    }
    prepared.push(round);
  }
  return prepared;
});
for (const [index, round] of rounds.entries()) {
  // In random order, so that no kind always follows the same one.
  for (const { kind, phoneNumber } of round.sort(() => Math.random() - 0.5)) {
    const visitor = new Visitor(app.origin);
    for (const [name, request] of [
      ['start', () => visitor.start(phoneNumber)],
      ['status', () => visitor.status()],
    ] as const) {
      const startedAt = performance.now();
      const response = await request();
      await response.arrayBuffer();
      const tookMs = performance.now() - startedAt;
      if (response.status !== 200) {
        throw new Error(`${name}, ${kind}: ${response.status}`);
      }
      if (index >= WARM_UP) {
        times[name].set(kind, [...(times[name].get(kind) ?? []), tookMs]);
      }
    }
  }
}
await store.destroy();
await app.stop();
await sandbox.close();

for (const [name, byKind] of Object.entries(times)) {
  const baseline = byKind.get('unknown') ?? [];
  for (const kind of kinds) {
    const sample = byKind.get(kind) ?? [];
    console.log(
      `${name}, ${kind}: median ${median(sample).toFixed(2)} ms of ${sample.length}, ` +
        `z against unknown ${rankZ(sample, baseline).toFixed(2)}`,
    );
  }
}

/**
 * The Mann–Whitney U statistic of two samples, in standard deviations: beyond about 3 they differ.
 * Robust against the outliers of a busy machine.
 */
function rankZ(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ].toSorted((a, b) => a.value - b.value);
  const rankSum = all.reduce((sum, { isOne }, index) => sum + (isOne ? index + 1 : 0), 0);
  const u = rankSum - (one.length * (one.length + 1)) / 2;
  const mean = (one.length * other.length) / 2;
  const deviation = Math.sqrt((one.length * other.length * (all.length + 1)) / 12);
  return (u - mean) / deviation;
}
