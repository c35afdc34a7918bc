import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { Store } from '#lib/store/schema.ts';
import type { Switches } from '#sandbox/switches.ts';
import { checkRows, emptyDatabase, type Snapshot } from '../attempt/invariants.ts';
import { whyWrong } from '../attempt/judge.ts';
import type { Observation } from '../attempt/observation.ts';
import { openDatabase } from '../attempt/process.ts';
import { begin, follow, type Reference } from '../attempt/reference.ts';
import { BROWSERS, PROCESSES, type Step, stepsOf, vendorSwitches } from '../attempt/steps.ts';
import { openSandboxVendor, type Vendor } from '../attempt/vendor.ts';
import { World } from '../attempt/world.ts';
import { defineTarget } from '../target.ts';

const MAX_STEPS = 25;

/** Long enough for every attempt to expire. */
const LONG_SECONDS = 1_000;

export const attempts = defineTarget({
  name: 'attempts',
  holds:
    'whatever browsers, callers, the vendor and restarts do, the reference model allows every answer',
  batchSize: 50,
  share: 3,
  async open() {
    const database = await openDatabaseFile();
    const vendor = await openSandboxVendor();
    return {
      values: fc.record({ switches: vendorSwitches, steps: stepsOf(MAX_STEPS) }),
      check: ({ switches, steps }) => checkSequence(vendor, database.stores, switches, steps),
      async close() {
        await vendor.close();
        await database.close();
      },
    };
  },
});

/** A database file for two processes. */
export async function openDatabaseFile() {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-fuzz-'));
  const path = join(folder, 'call-login.db');
  const stores: Store[] = [];
  for (let process = 0; process < PROCESSES; process += 1) {
    stores.push(await openDatabase(path));
  }
  return {
    stores,
    async close() {
      await Promise.all(stores.map((store) => store.destroy()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function checkSequence(
  vendor: Vendor,
  stores: readonly Store[],
  switches: Switches,
  steps: readonly Step[],
): Promise<void> {
  const [store] = stores;
  assert.ok(store !== undefined);
  await emptyDatabase(store);
  await vendor.reset(switches);

  let reference: Reference | null = null;
  let rows: Snapshot | null = null;
  const world = new World({
    vendor,
    stores,
    barrier: async () => {},
    observe(seen: Observation) {
      reference ??= begin(world.now());
      const reason = whyWrong(reference, seen);
      assert.equal(reason, null, `${reason}: ${JSON.stringify(seen)}`);
      reference = follow(reference, seen);
    },
  });
  reference = begin(world.now());

  for (const step of [...steps, ...finalSteps()]) {
    await world.perform(step);
    rows = await checkRows(store, rows);
  }
  const ended = [...reference.attempts.values()].filter(({ end }) => end !== null);
  assert.equal(ended.length, reference.attempts.size, 'an attempt that stays pending for ever');
}

/** Final steps: the vendor works, time passes, and every browser polls once more. */
export function finalSteps(): Step[] {
  return [
    { kind: 'trouble', trouble: 'none' },
    { kind: 'advance', seconds: LONG_SECONDS },
    ...Array.from(
      { length: BROWSERS },
      (_, browser): Step => ({ kind: 'poll', browser, process: 0, holdMs: 0, isPrompted: false }),
    ),
  ];
}
