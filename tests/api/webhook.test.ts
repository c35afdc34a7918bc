import { expect, it, onTestFinished, vi } from 'vitest';
import { startAppServer } from '#tests/support/app-server.ts';
import { runScript } from '#tests/support/run-script.ts';
import { logInOn, sandboxUrl } from '#tests/support/servers.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { isSigned, startReceiver, WEBHOOK_SECRET } from '#tests/support/webhook-receiver.ts';

it('a receiver is told of a login and of what an operator does, signed and without a phone number', async () => {
  const { url, received } = await startReceiver();
  const env = { WEBHOOK_URL: url.href, WEBHOOK_SECRET };
  const app = await startAppServer(sandboxUrl, env);
  onTestFinished(() => app.stop());
  const phoneNumber = randomPhoneNumber();
  await logInOn(new Visitor(app.origin), phoneNumber);
  const database = { DATABASE_URL: `file:${app.databasePath}` };
  expect(runScript('users', { ...database, ...env }, 'disable', phoneNumber).status).toBe(0);

  await vi.waitFor(() => expect(received).toHaveLength(5), 10_000);
  expect(received.map(({ event }) => event.type).toSorted()).toEqual([
    'attempt_completed',
    'attempt_started',
    'attempt_verified',
    'user_created',
    'user_disabled',
  ]);
  const userIds = received.flatMap(({ event }) => event.data.user_id ?? []);
  expect(userIds).toHaveLength(3);
  expect(new Set(userIds).size).toBe(1);
  expect(received.filter((each) => !isSigned(each))).toEqual([]);
  expect(received.filter(({ body }) => body.includes(phoneNumber.slice(3)))).toEqual([]);
});
