/** The other process of `startOtherProcess`: carries out each order as it comes, many at a time. */

import { disableUser } from '#lib/accounts/manage.ts';
import { checkIfDue } from '#lib/login/check.ts';
import type { LoginDependencies } from '#lib/login/dependencies.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import { findAttempt, setPauthSession } from '#lib/store/attempts.ts';
import { openStore } from '#lib/store/open.ts';
import { insertUser } from '#lib/store/users.ts';
import { messageSchema, type Order } from './orders.ts';
import { createLoginDependencies, TEST_RULES } from './process-dependencies.ts';

let now = 0;
let deps: LoginDependencies | null = null;

process.on('message', async (received) => {
  const message = messageSchema.parse(received);
  now = message.now;
  try {
    process.send?.({ id: message.id, value: (await carryOut(message.order)) ?? null });
  } catch (error) {
    process.send?.({ id: message.id, failure: String(error) });
  }
});
process.once('disconnect', () => process.exit());

async function carryOut(order: Order): Promise<unknown> {
  if (order.kind === 'open') {
    await deps?.store.destroy();
    deps = createLoginDependencies({
      store: openStore(order.place),
      clock: { now: () => now, elapsed: () => now },
      sandboxUrl: order.sandboxUrl,
      rules: TEST_RULES,
      writeLog: () => {},
    });
    return;
  }
  if (deps === null) {
    throw new Error('no database has been opened');
  }
  switch (order.kind) {
    case 'poll': {
      const { attemptToken, from } = order;
      return await pollAttempt(deps, attemptToken, { holdMs: 0, isPrompted: false, from });
    }
    case 'start':
      return await startAttempt(deps, order.phoneNumber, order.browser);
    case 'check': {
      const attempt = await findAttempt(deps.store, 'id', order.attemptId);
      return attempt === null ? null : await checkIfDue(deps, attempt);
    }
    case 'set pAuth session':
      return await setPauthSession(deps.store, order.attemptId, order.pauthSession, now);
    case 'add user':
      return await insertUser(deps.store, order.user);
    case 'disable user':
      return await disableUser(deps, order.phoneNumber);
  }
}
