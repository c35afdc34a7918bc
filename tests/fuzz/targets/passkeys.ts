import assert from 'node:assert/strict';
import type { Store } from '#lib/store/schema.ts';
import { emptyDatabase } from '../attempt/invariants.ts';
import { openDatabase } from '../attempt/process.ts';
import { type Account, begin, look, perform } from '../passkeys/model.ts';
import { Site } from '../passkeys/site.ts';
import { BROWSERS, type Step, stepsOf } from '../passkeys/steps.ts';
import { defineTarget } from '../target.ts';

const MAX_STEPS = 14;

/** Fixed, so that runs can be repeated. */
const START_TIME = Date.parse('2026-11-01T00:00:00Z');

export const passkeys = defineTarget({
  name: 'passkeys',
  holds:
    'whoever calls, adds, uses and removes passkeys, in whatever order, gets what the five rules of passkeys allow, and only the account that is theirs',
  batchSize: 200,
  share: 2,
  async open() {
    const store = await openDatabase(':memory:');
    return {
      values: stepsOf(MAX_STEPS),
      check: (steps) => checkSequence(store, steps),
      close: () => store.destroy(),
    };
  },
});

async function checkSequence(store: Store, steps: readonly Step[]): Promise<void> {
  await emptyDatabase(store);
  const model = begin(START_TIME);
  const site = new Site(store, START_TIME);
  const ids = new Map<Account, string>();
  for (const step of steps) {
    const expected = perform(model, step);
    assert.deepEqual(await site.perform(step), expected, `the answers to ${JSON.stringify(step)}`);
    for (let browser = 0; browser < BROWSERS; browser += 1) {
      const what = `what browser ${browser} sees after ${JSON.stringify(step)}`;
      const seen = look(model, browser);
      assert.deepEqual(await site.look(browser), seen, what);
      const account = seen === null ? undefined : model.held[browser]?.session.account;
      const id = await site.accountOf(browser);
      if (account !== undefined && id !== null) {
        assert.equal(ids.get(account) ?? id, id, `whose account ${what}`);
        ids.set(account, id);
      }
    }
  }
  assert.equal(new Set(ids.values()).size, ids.size, 'two accounts are one');
}
