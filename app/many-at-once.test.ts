import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, it, onTestFinished } from 'vitest';
import { attemptViewSchema, statusReplySchema } from '#lib/shared/contract.ts';
import { ControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#testing/app-server.ts';
import { createDatabase, execute } from '#testing/postgres.ts';
import { Visitor } from '#testing/visitor.ts';

const PEOPLE = 1_000;
/** How many of them the site is willing to start. */
const ALLOWED = 800;

/** Asks again when the server says that it cannot just now, as late as it says. */
async function answerTo(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503) {
      return response;
    }
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    await response.arrayBuffer();
    await delay(seconds * 1_000);
  }
}

/** @returns whether they were let in, not refused. */
async function logIn(visitor: Visitor, phoneNumber: string, vendor: ControlClient) {
  const start = await answerTo(() => visitor.start(phoneNumber));
  if (start.status === 429) {
    expect(Number(start.headers.get('retry-after'))).toBeGreaterThan(0);
    await start.arrayBuffer();
    return false;
  }
  const { call_number: callNumber } = attemptViewSchema.parse(await start.json());
  await vendor.call(phoneNumber, callNumber);
  for (;;) {
    const reply = await (await answerTo(() => visitor.status())).json();
    if (statusReplySchema.parse(reply).status === 'verified') {
      return true;
    }
    expect(reply).toMatchObject({ status: 'pending' });
  }
}

it('a thousand people at once are let in once each, as far as the site is willing to start them', {
  timeout: 180_000,
}, async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const vendor = new ControlClient(sandbox.url);
  const database = await createDatabase(inject('postgresUrl'));
  const app = await startAppServer(sandbox.url, {
    DATABASE_URL: database,
    START_LIMIT_TOTAL: `${ALLOWED}/3600`,
  });
  onTestFinished(() => app.stop('SIGKILL'));

  const people = Array.from({ length: PEOPLE }, (_, index) => ({
    visitor: new Visitor(app.origin),
    phoneNumber: `+8180${10_000_000 + index}`,
  }));
  const areIn = await Promise.all(
    people.map(({ visitor, phoneNumber }) => logIn(visitor, phoneNumber, vendor)),
  );
  const letIn = people.filter((_, index) => areIn[index]);
  // A start that the vendor was too busy for is given back; whoever was refused meanwhile stays refused.
  expect(letIn.length).toBeGreaterThan(ALLOWED / 2);
  expect(letIn.length).toBeLessThanOrEqual(ALLOWED);

  expect(await execute(database, 'select * from sessions')).toHaveLength(letIn.length);
  const own = await Promise.all(
    letIn.map(async ({ visitor }) => (await visitor.fetch('/api/auth/session')).status),
  );
  expect(new Set(own)).toEqual(new Set([200]));
});
