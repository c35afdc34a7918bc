/** The other process of `startOtherProcess`: carries out each order as it comes, many at a time. */

import { checkIfDue } from '#lib/login/check.ts';
import type { LoginParts } from '#lib/login/parts.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import { findAttemptById, setPauthSession } from '#lib/store/attempts.ts';
import { openStore } from '#lib/store/open.ts';
import { insertUser } from '#lib/store/users.ts';
import { disableUser } from '#lib/users/manage.ts';
import { messageSchema, type Order } from './orders.ts';
import { createParts, TEST_RULES } from './process-parts.ts';

let now = 0;
let parts: LoginParts | null = null;

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
    await parts?.store.destroy();
    parts = createParts({
      store: openStore(order.place),
      clock: { now: () => now, elapsed: () => now },
      sandboxUrl: order.sandboxUrl,
      rules: TEST_RULES,
      writeLog: () => {},
    });
    return;
  }
  if (parts === null) {
    throw new Error('no database has been opened');
  }
  switch (order.kind) {
    case 'poll': {
      const { attemptToken, from } = order;
      return await pollAttempt(parts, attemptToken, { holdMs: 0, isPrompted: false, from });
    }
    case 'start':
      return await startAttempt(parts, order.phoneNumber, order.browser);
    case 'check': {
      const attempt = await findAttemptById(parts.store, order.attemptId);
      return attempt === null ? null : await checkIfDue(parts, attempt);
    }
    case 'set pAuth session':
      return await setPauthSession(parts.store, order.attemptId, order.pauthSession, now);
    case 'add user':
      return await insertUser(parts.store, order.user);
    case 'disable user':
      return await disableUser(parts, order.phoneNumber);
  }
}
