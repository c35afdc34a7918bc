/** The process of `startOtherProcess`: executes commands concurrently, as they arrive. */

import { disableUser } from '#lib/accounts/manage.ts';
import { checkIfDue } from '#lib/login/check.ts';
import type { LoginDependencies } from '#lib/login/dependencies.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import { findAttempt, setPauthSession } from '#lib/store/attempts.ts';
import { openStore } from '#lib/store/open.ts';
import { insertUser } from '#lib/store/users.ts';
import { type Command, messageSchema } from './commands.ts';
import { createLoginDependencies, TEST_RULES } from './process-dependencies.ts';

let now = 0;
let deps: LoginDependencies | null = null;

process.on('message', async (received) => {
  const message = messageSchema.parse(received);
  now = message.now;
  try {
    process.send?.({ id: message.id, value: (await execute(message.command)) ?? null });
  } catch (error) {
    process.send?.({ id: message.id, failure: String(error) });
  }
});
process.once('disconnect', () => process.exit());

async function execute(command: Command): Promise<unknown> {
  if (command.kind === 'open') {
    await deps?.store.destroy();
    deps = createLoginDependencies({
      store: openStore(command.place),
      clock: { now: () => now, elapsed: () => now },
      sandboxUrl: command.sandboxUrl,
      rules: TEST_RULES,
      writeLog: () => {},
    });
    return;
  }
  if (deps === null) {
    throw new Error('no database has been opened');
  }
  switch (command.kind) {
    case 'poll': {
      const { attemptToken, client } = command;
      return await pollAttempt(deps, attemptToken, { holdMs: 0, isPrompted: false, client });
    }
    case 'start':
      return await startAttempt(deps, command.phoneNumber, command.browser);
    case 'check': {
      const attempt = await findAttempt(deps.store, 'id', command.attemptId);
      return attempt === null ? null : await checkIfDue(deps, attempt);
    }
    case 'set pAuth session':
      return await setPauthSession(deps.store, command.attemptId, command.pauthSession, now);
    case 'add user':
      return await insertUser(deps.store, command.user);
    case 'disable user':
      return await disableUser(deps, command.phoneNumber);
  }
}
