import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { attemptViewSchema, statusReplySchema } from '#lib/shared/contract.ts';
import type { ControlClient } from '#sandbox/control-client.ts';
import { deploy } from '#testing/deployment.ts';
import { createDatabase, execute } from '#testing/postgres.ts';
import { Visitor } from '#testing/visitor.ts';

const PEOPLE = 500;

/** Asks again when the server says that it cannot just now, as late as it says. */
async function answerTo(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503 && response.status !== 504) {
      return response;
    }
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    await response.arrayBuffer();
    await delay(seconds * 1_000);
  }
}

async function logIn(visitor: Visitor, phoneNumber: string, vendor: ControlClient): Promise<void> {
  const start = await answerTo(() => visitor.start(phoneNumber));
  const { call_number: callNumber } = attemptViewSchema.parse(await start.json());
  await vendor.call(phoneNumber, callNumber);
  for (;;) {
    const reply = await (await answerTo(() => visitor.status())).json();
    if (statusReplySchema.parse(reply).status === 'verified') {
      return;
    }
    expect(reply).toMatchObject({ status: 'pending' });
  }
}

it('five hundred people at once are all let in, once each, however often they have to ask again', {
  timeout: 180_000,
}, async () => {
  const database = await createDatabase(inject('postgresUrl'));
  const { vendor, add } = await deploy({
    DATABASE_URL: database,
    // The limits have tests of their own.
    START_LIMIT_PER_NUMBER: '1000/60',
    START_LIMIT_TOTAL: '100000/3600',
  });
  const app = await add();
  const people = Array.from({ length: PEOPLE }, (_, index) => ({
    visitor: new Visitor(app.origin),
    phoneNumber: `+8180${10_000_000 + index}`,
  }));
  await Promise.all(people.map(({ visitor, phoneNumber }) => logIn(visitor, phoneNumber, vendor)));
  expect(await execute(database, 'select * from sessions')).toHaveLength(PEOPLE);
  const own = await Promise.all(
    people.map(async ({ visitor }) => (await visitor.fetch('/api/auth/session')).status),
  );
  expect(own.filter((status) => status === 200)).toHaveLength(PEOPLE);
});
