import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Store } from '#lib/store/schema.ts';
import type { Switches } from '#sandbox/switches.ts';
import { checkRows, emptyDatabase } from '../attempt/invariants.ts';
import { whyFalseLogin } from '../attempt/judge.ts';
import { begin, follow, type Reference } from '../attempt/reference.ts';
import { type Step, stepsOf, vendorSwitches } from '../attempt/steps.ts';
import { openDirectVendor } from '../attempt/vendor.ts';
import { World } from '../attempt/world.ts';
import { defineTarget } from '../target.ts';
import { finalSteps, openDatabaseFile } from './attempts.ts';

const MAX_STEPS = 7;

export const interleavings = defineTarget({
  name: 'interleavings',
  holds:
    'however statements and vendor requests interleave, no call logs in a browser it was not meant for, and every attempt ends once',
  batchSize: 200,
  share: 3,
  async open() {
    const database = await openDatabaseFile();
    return {
      values: fc.record({
        switches: vendorSwitches,
        before: stepsOf(MAX_STEPS),
        lanes: fc.array(stepsOf(MAX_STEPS), { minLength: 2, maxLength: 4 }),
        schedule: fc.scheduler(),
      }),
      check: (given) => checkInterleaving(database.stores, given),
      close: database.close,
    };
  },
});

async function checkInterleaving(
  stores: readonly Store[],
  given: { switches: Switches; before: Step[]; lanes: Step[][]; schedule: fc.Scheduler },
): Promise<void> {
  const [store] = stores;
  assert.ok(store !== undefined);
  await emptyDatabase(store);

  let isConcurrent = false;
  const pass = async (what: string) => {
    if (isConcurrent) {
      await given.schedule.schedule(Promise.resolve(), what);
    }
  };
  const vendor = openDirectVendor(() => pass('vendor'));
  await vendor.reset(given.switches);
  let reference: Reference | null = null;
  const world = new World({
    vendor,
    stores,
    barrier: pass,
    observe(seen) {
      reference ??= begin(world.now());
      const reason = whyFalseLogin(reference, seen);
      assert.equal(reason, null, `${reason}: ${JSON.stringify(seen)}`);
      reference = follow(reference, seen);
    },
  });

  for (const step of given.before) {
    await world.perform(step);
  }
  const rows = await checkRows(store, null);
  isConcurrent = true;
  const lanes = given.lanes.map(async (steps) => {
    for (const step of steps) {
      await pass(step.kind);
      await world.perform(step);
    }
  });
  await given.schedule.waitFor(Promise.all(lanes));
  isConcurrent = false;

  const after = await checkRows(store, rows);
  for (const step of finalSteps()) {
    await world.perform(step);
  }
  await checkRows(store, after);
}
